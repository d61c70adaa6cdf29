//! What people do, as the plan says: each is a command that their engine is given.

use starling::engine::{self, Input, Output, Request};
use starling_protocol::{EntryId, payload::Content};

use super::{Cast, Orders};
use crate::{
    people,
    plan::{Micros, NodeId, PostId, What},
};

impl Cast {
    /// Somebody does what the plan says. Starts, ends and cuts are the layer's affair and do nothing here.
    ///
    /// # Errors
    /// If a store fails.
    pub fn act(&mut self, at: Micros, what: &What) -> anyhow::Result<Option<(NodeId, Orders)>> {
        use engine::Command as Do;
        let (node, command) = match *what {
            What::Start(_) | What::Stop(..) | What::Cut(_) | What::Heal | What::Attack(_) => return Ok(None),
            What::Post { node, post, bytes, reply_to } => {
                return Ok(self.post(at, node, post, bytes, reply_to));
            }
            What::Boost(node, post) => (node, self.entry(post).map(Do::Boost)),
            What::Like(node, post) => (node, self.entry(post).map(Do::Like)),
            What::Delete(node, post) => (node, self.entry(post).map(|id| Do::Delete(vec![id]))),
            What::Follow(node, whom) => (node, Some(self.following(whom))),
            What::Unfollow(node, whom) => (node, Some(Do::Unfollow(self.person(whom).author))),
            What::Block(node, whom) => (node, Some(Do::Block(self.person(whom).author))),
            What::Meet(node, whom) => (node, Some(Do::AddPeer(vec![self.place(whom)]))),
        };
        let Some(command) = command else { return Ok(None) };
        if let What::Block(node, whom) = *what
            && self.awake(node)
        {
            self.nodes[node as usize].blocked.insert(whom);
        }
        Ok(Some((node, self.ask(at, node, command))))
    }

    fn ask(&mut self, at: Micros, node: NodeId, command: engine::Command) -> Orders {
        let request = self.request(node);
        self.input(at, node, Input::Command(request, command))
    }

    /// Several things are asked of an engine at once, in one transaction.
    pub(super) fn wish(&mut self, at: Micros, node: NodeId, commands: Vec<engine::Command>) -> Orders {
        let mut inputs = Vec::with_capacity(commands.len());
        for command in commands {
            let request = self.request(node);
            self.note(at, node, b'a', &request.0.to_le_bytes());
            inputs.push(Input::Command(request, command));
        }
        self.handle(at, node, inputs)
    }

    fn request(&mut self, node: NodeId) -> Request {
        let held = &mut self.nodes[node as usize];
        held.requests += 1;
        Request(held.requests)
    }

    fn post(
        &mut self,
        at: Micros,
        node: NodeId,
        post: PostId,
        bytes: u32,
        reply_to: Option<PostId>,
    ) -> Option<(NodeId, Orders)> {
        if !self.awake(node) {
            return None;
        }
        let content = Content { text: text(post, bytes), ..Content::default() };
        let in_reply_to = reply_to.and_then(|post| self.entry(post));
        let command = engine::Command::Publish { content: Box::new(content), in_reply_to, idempotency: None };
        let request = self.request(node);
        self.note(at, node, b'a', &request.0.to_le_bytes());
        let outputs = self.outputs(at, node, vec![Input::Command(request, command)]);
        let id = outputs.iter().find_map(|output| match output {
            Output::Reply(_, Ok(engine::Reply::Published { id, .. })) => Some(*id),
            _ => None,
        });
        self.posts[post as usize] = id;
        // Before anybody stores it.
        self.record.posted(at, node, post, id);
        Some((node, self.carry(at, node, outputs)))
    }

    fn entry(&self, post: PostId) -> Option<EntryId> {
        self.posts.get(post as usize).copied().flatten()
    }

    pub(super) fn following(&self, whom: NodeId) -> engine::Command {
        engine::Command::follow(self.person(whom).author, Vec::new())
    }

    pub(super) fn place(&self, node: NodeId) -> libp2p::Multiaddr {
        people::address(node).with(libp2p::multiaddr::Protocol::P2p(self.person(node).peer))
    }
}

/// A text of so many bytes that no other post has.
fn text(post: PostId, bytes: u32) -> String {
    let mut text = format!("post {post}: ");
    let words = [
        "the ",
        "starlings ",
        "turn ",
        "as ",
        "one ",
        "over ",
        "the ",
        "reeds ",
        "and ",
        "nobody ",
        "leads ",
    ];
    let mut word = post as usize;
    while text.len() < bytes as usize {
        text.push_str(words[word % words.len()]);
        word = word.wrapping_mul(31).wrapping_add(7);
    }
    text.truncate(bytes.max(12) as usize);
    text
}
