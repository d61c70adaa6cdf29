//! A thread as a tree: who answers whom, what is folded, and where something is missing.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::api::{Context, Id, Status};

/// Deepest place that is drawn deeper than the one above it: beyond it the lines would be all margin.
pub const DEEPEST: usize = 24;

/// A place in a thread.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A post.
    Post(Box<Status>),
    /// A post that is answered and not here; whether it is known to be erased.
    Missing(Id, bool),
}

/// A place and how deep it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub item: Item,
    pub depth: usize,
    /// Answers below it, of all depths.
    pub below: usize,
}

/// A thread around one post.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The post that was opened.
    pub focus: Id,
    places: Vec<Place>,
    folded: BTreeSet<Id>,
    selected: usize,
    /// Lines of the selected post that are above the screen, where it is longer than that.
    pub scroll: usize,
    /// Posts that were not looked at yet.
    unread: HashSet<Id>,
    pub loading: bool,
}

impl Item {
    /// The id of the post, here or not.
    pub fn id(&self) -> &Id {
        match self {
            Self::Post(status) => &status.id,
            Self::Missing(id, _) => id,
        }
    }
}

impl Place {
    /// The post, if it is here.
    pub fn post(&self) -> Option<&Status> {
        match &self.item {
            Item::Post(status) => Some(status),
            Item::Missing(..) => None,
        }
    }
}

impl Tree {
    /// What is known when a post is opened: only itself.
    pub fn new(status: Status) -> Self {
        let focus = status.id.clone();
        let place = Place { item: Item::Post(Box::new(status)), depth: 0, below: 0 };
        Self {
            focus,
            places: vec![place],
            folded: BTreeSet::new(),
            selected: 0,
            scroll: 0,
            unread: HashSet::new(),
            loading: true,
        }
    }

    /// Takes in what is around the post. The selection stays on the same post.
    pub fn take(&mut self, context: Context) {
        self.loading = false;
        let selected = self.selected().map(|place| place.item.id().clone());
        let focus = self.places.iter().find_map(|place| match &place.item {
            Item::Post(status) if status.id == self.focus => Some((**status).clone()),
            _ => None,
        });
        let all = context.ancestors.into_iter().chain(focus).chain(context.descendants);
        self.arrange(all.collect(), context.erased, selected.as_ref());
    }

    /// The post that the thread was opened on, if it is here.
    pub fn focused(&self) -> Option<&Status> {
        self.places.iter().filter_map(Place::post).find(|post| post.id == self.focus)
    }

    /// Takes the posts of somebody out. Where others answer one, a place says that it is not here.
    pub fn hide(&mut self, person: &Id) {
        let theirs = |place: &Place| place.post().is_some_and(|post| post.account.id == *person);
        if !self.places.iter().any(theirs) {
            return;
        }
        let selected = self.selected().map(|place| place.item.id().clone());
        let erased: Vec<Id> = self
            .places
            .iter()
            .filter_map(|place| match &place.item {
                Item::Missing(id, true) => Some(id.clone()),
                _ => None,
            })
            .collect();
        let left = self.places.iter().filter(|place| !theirs(place)).filter_map(Place::post).cloned();
        self.arrange(left.collect(), erased, selected.as_ref());
        self.unread.retain(|id| self.places.iter().any(|place| place.item.id() == id));
    }

    /// Puts posts in their places, and selects this one again.
    fn arrange(&mut self, posts: Vec<Status>, erased: Vec<Id>, selected: Option<&Id>) {
        self.places = arranged(posts);
        let gone: HashSet<Id> = erased.into_iter().collect();
        for place in &mut self.places {
            if let Item::Missing(id, erased) = &mut place.item {
                *erased = gone.contains(id);
            }
        }
        let place = |id: &Id| self.visible().iter().position(|place| place.item.id() == id);
        self.selected = selected.and_then(place).or_else(|| place(&self.focus)).unwrap_or(0);
    }

    /// The places that no fold hides.
    pub fn visible(&self) -> Vec<&Place> {
        let mut hidden_below: Option<usize> = None;
        let mut visible = Vec::new();
        for place in &self.places {
            if hidden_below.is_some_and(|depth| place.depth > depth) {
                continue;
            }
            hidden_below = self.is_folded(place).then_some(place.depth);
            visible.push(place);
        }
        visible
    }

    /// Whether what is below a place is folded away.
    pub fn is_folded(&self, place: &Place) -> bool {
        place.below > 0 && self.folded.contains(place.item.id())
    }

    /// The selected place.
    pub fn selected(&self) -> Option<&Place> {
        self.visible().get(self.selected).copied()
    }

    /// Its number among the visible ones.
    pub fn selected_at(&self) -> usize {
        self.selected
    }

    /// Selects another place, so many further.
    pub fn step(&mut self, by: isize) {
        let last = self.visible().len().saturating_sub(1);
        let next = self.selected.saturating_add_signed(by).min(last);
        if next != self.selected {
            (self.selected, self.scroll) = (next, 0);
        }
    }

    /// Folds or unfolds what is below the selected place.
    pub fn fold(&mut self) {
        let Some(id) = self.selected().map(|place| place.item.id().clone()) else { return };
        if !self.folded.remove(&id) {
            self.folded.insert(id);
        }
    }

    /// The post that begins it, here or not.
    pub fn root(&self) -> Option<&Id> {
        self.places.first().map(|place| place.item.id())
    }

    /// Finds out which posts were not looked at yet.
    pub fn find_unread(&mut self, unread: impl Fn(&Status) -> bool) {
        self.unread = self
            .places
            .iter()
            .filter_map(Place::post)
            .filter(|post| unread(post))
            .map(|post| post.id.clone())
            .collect();
        self.unread.remove(&self.focus);
    }

    /// Whether a post was not looked at yet.
    pub fn is_unread(&self, place: &Place) -> bool {
        self.unread.contains(place.item.id())
    }

    /// How many were not.
    pub fn unread(&self) -> usize {
        self.unread.len()
    }

    /// The selected post is read now.
    pub fn read_selected(&mut self) {
        if let Some(id) = self.selected().map(|place| place.item.id().clone()) {
            self.unread.remove(&id);
        }
    }

    /// Selects the next post that was not looked at, after the last one the first, and unfolds what hides it. False if
    /// there is none.
    pub fn next_unread(&mut self) -> bool {
        let selected = self.selected().map(|place| place.item.id().clone());
        let at = self.places.iter().position(|place| Some(place.item.id()) == selected.as_ref()).unwrap_or(0);
        let around = (at + 1..self.places.len()).chain(0..at.min(self.places.len()));
        let Some(next) = around.into_iter().find(|next| self.is_unread(&self.places[*next])) else {
            return false;
        };
        // Whatever is above it and less deep may hide it.
        let mut depth = self.places[next].depth;
        for place in self.places[..next].iter().rev() {
            if place.depth < depth {
                depth = place.depth;
                self.folded.remove(place.item.id());
            }
        }
        let id = self.places[next].item.id().clone();
        self.scroll = 0;
        self.selected = self.visible().iter().position(|place| *place.item.id() == id).unwrap_or(0);
        true
    }

    /// Something about every post.
    pub fn each(&mut self, mut what: impl FnMut(&mut Status)) {
        for place in &mut self.places {
            if let Item::Post(post) = &mut place.item {
                what(post);
            }
        }
    }

    /// A post says something else, or counts otherwise. False if it has no place here.
    pub fn change(&mut self, new: &Status) -> bool {
        let mut found = false;
        for place in &mut self.places {
            if place.item.id() == &new.id {
                place.item = Item::Post(Box::new(new.clone()));
                found = true;
            }
        }
        found
    }

    /// A post is gone; what answered it stays.
    pub fn remove(&mut self, id: &Id) {
        for place in &mut self.places {
            if place.item.id() == id {
                place.item = Item::Missing(id.clone(), true);
            }
        }
    }
}

/// Posts in the order of a tree: each below what it answers, in the order in which they came. Whatever answers something
/// that is not here stands below a place that says so.
fn arranged(posts: Vec<Status>) -> Vec<Place> {
    let here: HashSet<&Id> = posts.iter().map(|post| &post.id).collect();
    let mut answers: HashMap<Option<&Id>, Vec<usize>> = HashMap::new();
    // In the order in which they are named; the set only tells which are in it.
    let (mut missing, mut named) = (Vec::new(), HashSet::new());
    for (number, post) in posts.iter().enumerate() {
        let parent = post.in_reply_to_id.as_ref();
        missing.extend(parent.filter(|parent| !here.contains(parent) && named.insert(*parent)));
        answers.entry(parent).or_default().push(number);
    }
    let mut places = Vec::new();
    let mut seen = vec![false; posts.len()];
    // The roots, then what hangs on something missing, then what hangs on itself in a circle.
    for root in answers.remove(&None).unwrap_or_default() {
        below(root, 0, &posts, &mut answers, &mut seen, &mut places);
    }
    for id in missing {
        let at = places.len();
        places.push(Place { item: Item::Missing(id.clone(), false), depth: 0, below: 0 });
        for child in answers.remove(&Some(id)).unwrap_or_default() {
            below(child, 1, &posts, &mut answers, &mut seen, &mut places);
        }
        places[at].below = places.len() - at - 1;
    }
    for number in 0..posts.len() {
        below(number, 0, &posts, &mut answers, &mut seen, &mut places);
    }
    places
}

/// Adds a post and all that answers it. Not by recursion: a thread may be as deep as a stranger likes. The answers to an id
/// are taken once, however many posts say that they have it.
fn below<'a>(
    root: usize,
    depth: usize,
    posts: &'a [Status],
    answers: &mut HashMap<Option<&'a Id>, Vec<usize>>,
    seen: &mut [bool],
    places: &mut Vec<Place>,
) {
    let mut open: Vec<usize> = Vec::new(); // places whose answers are being added, by their place
    let mut next = vec![(root, depth)];
    while let Some((number, depth)) = next.pop() {
        if std::mem::replace(&mut seen[number], true) {
            continue;
        }
        let post = &posts[number];
        while let Some(&last) = open.last().filter(|&&last: &&usize| places[last].depth >= depth) {
            places[last].below = places.len() - last - 1;
            open.pop();
        }
        open.push(places.len());
        places.push(Place { item: Item::Post(Box::new(post.clone())), depth, below: 0 });
        let children = answers.remove(&Some(&post.id)).unwrap_or_default();
        next.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
    }
    for last in open {
        places[last].below = places.len() - last - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: &str, parent: Option<&str>) -> Status {
        Status { id: id.into(), in_reply_to_id: parent.map(Id::from), ..Status::default() }
    }

    fn drawn(tree: &Tree) -> Vec<String> {
        let name = |place: &&Place| match &place.item {
            Item::Post(post) => format!("{}{}", " ".repeat(place.depth), post.id),
            Item::Missing(id, false) => format!("{}?{id}", " ".repeat(place.depth)),
            Item::Missing(id, true) => format!("{}x{id}", " ".repeat(place.depth)),
        };
        tree.visible().iter().map(name).collect()
    }

    fn tree() -> Tree {
        let mut tree = Tree::new(post("b", Some("a")));
        tree.take(Context {
            ancestors: vec![post("a", None)],
            descendants: vec![post("c", Some("b")), post("d", Some("c")), post("e", Some("b"))],
            ..Context::default()
        });
        tree
    }

    #[test]
    fn answers_stand_below_what_they_answer() {
        let mut tree = tree();
        assert_eq!(drawn(&tree), ["a", " b", "  c", "   d", "  e"]);
        assert_eq!(tree.selected().unwrap().item.id(), "b");
        tree.step(1);
        tree.fold();
        assert_eq!(drawn(&tree), ["a", " b", "  c", "  e"]);
        assert_eq!(tree.selected().unwrap().below, 1);
        tree.fold();
        assert_eq!(drawn(&tree).len(), 5);
        tree.step(100);
        assert_eq!(tree.selected().unwrap().item.id(), "e");
    }

    #[test]
    fn what_is_missing_has_a_place() {
        let mut tree = Tree::new(post("b", Some("a")));
        tree.take(Context {
            ancestors: vec![],
            descendants: vec![post("d", Some("c")), post("e", Some("b"))],
            ..Context::default()
        });
        assert_eq!(drawn(&tree), ["?a", " b", "  e", "?c", " d"]);
        tree.remove(&"b".into());
        assert_eq!(drawn(&tree), ["?a", " xb", "  e", "?c", " d"]);
    }

    #[test]
    fn a_circle_and_a_tower_end() {
        let mut tree = Tree::new(post("a", Some("b")));
        tree.take(Context {
            ancestors: vec![post("b", Some("a"))],
            descendants: vec![],
            ..Context::default()
        });
        assert_eq!(tree.visible().len(), 2);
        let tower = (1..20_000).map(|n| post(&n.to_string(), Some(&(n - 1).to_string()))).collect();
        let mut tree = Tree::new(post("0", None));
        tree.take(Context { ancestors: vec![], descendants: tower, ..Context::default() });
        assert_eq!(tree.visible().len(), 20_000);
        assert_eq!(tree.visible()[0].below, 19_999);
    }

    #[test]
    fn a_thread_of_nothing_but_strangers_is_arranged() {
        const MANY: usize = 100_000;
        let orphans = (0..MANY).map(|n| post(&n.to_string(), Some(&format!("gone {n}")))).collect();
        let erased = (0..MANY).map(|n| format!("gone {n}")).collect();
        let mut tree = Tree::new(post("a", None));
        tree.take(Context { ancestors: vec![], descendants: orphans, erased });
        assert_eq!(tree.visible().len(), 2 * MANY + 1);
        assert!(matches!(&tree.visible()[1].item, Item::Missing(id, true) if id == "gone 0"));
        assert_eq!(tree.visible()[2].item.id(), "0");
        // Half of them say that they are the post that the other half answers.
        let twins = (0..MANY).map(|n| if n < MANY / 2 { post("b", Some("a")) } else { post("c", Some("b")) });
        let mut tree = Tree::new(post("a", None));
        tree.take(Context { ancestors: vec![], descendants: twins.collect(), erased: vec![] });
        assert_eq!(tree.visible().len(), MANY + 1);
    }
}
