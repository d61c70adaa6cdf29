//! What strangers write comes out as data, and every field that strict clients want is there.
