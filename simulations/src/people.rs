//! The people of a world: identities and keys that come from its seed alone.

use libp2p::{Multiaddr, PeerId, identity::Keypair, multiaddr::Protocol};
use starling_protocol::{
    AuthorId, Identity,
    identity::{Action, Inception, Operation, Record},
    keys::{Phrase, Secret},
};

use crate::plan::NodeId;

/// Port that simulated nodes listen on.
pub const PORT: u16 = 4001;

/// Who runs a node.
pub struct Person {
    /// Who.
    pub author: AuthorId,
    /// The key of their identity.
    pub root: Secret,
    /// The key that signs on this node.
    pub device: Secret,
    /// The identity with its one device.
    pub record: Record,
    /// The key that other nodes know this one by.
    pub keypair: Keypair,
    /// What they know it as.
    pub peer: PeerId,
}

/// 32 bytes that belong to a seed, a node and a purpose.
pub fn derive(seed: u64, node: NodeId, purpose: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("starling simulations 2026 key of a node");
    hasher.update(&seed.to_le_bytes()).update(&node.to_le_bytes()).update(purpose.as_bytes());
    *hasher.finalize().as_bytes()
}

/// Makes the person of a node.
///
/// # Errors
/// If the identity that was just signed is not accepted, which only a change of the protocol can cause.
pub fn person(seed: u64, node: NodeId) -> anyhow::Result<Person> {
    let phrase = Phrase::from_entropy(derive(seed, node, "phrase"));
    let device = Secret::from_seed(derive(seed, node, "device"));
    let root = phrase.root(0);
    let mut identity = Identity::begin(Inception::of(&phrase));
    let add = Action::AddDevice(device.public());
    identity.apply(Operation::sign(identity.author(), 0, add, &root))?;
    let keypair = Keypair::ed25519_from_bytes(derive(seed, node, "peer"))?;
    let peer = keypair.public().to_peer_id();
    Ok(Person { author: identity.author(), root, device, record: identity.record(), keypair, peer })
}

/// Where a node is: one address for each, in 10.0.0.0/8.
pub fn address(node: NodeId) -> Multiaddr {
    let [_, a, b, c] = node.to_be_bytes();
    Multiaddr::empty().with(Protocol::Ip4([10, a, b, c].into())).with(Protocol::Tcp(PORT))
}

/// The node at an address, if it is one of ours.
pub fn node_at(address: &Multiaddr) -> Option<NodeId> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => match ip.octets() {
            [10, a, b, c] => Some(NodeId::from_be_bytes([0, a, b, c])),
            _ => None,
        },
        _ => None,
    }
}
