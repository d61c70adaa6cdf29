//! The door as a program sees it: a real listener, a real node without network.
