//! Where the reader is stays where it is, whatever comes.

use proptest::prelude::*;

use super::*;

fn row(id: &str) -> Row {
    Row::Post(Box::new(Status { id: id.into(), ..Status::default() }))
}

fn rows(ids: &str) -> Page {
    ids.chars().map(|id| row(&id.to_string())).collect::<Vec<_>>().into()
}

fn shown(rows: &Rows) -> String {
    rows.all().map(|row| row.id().as_str()).collect()
}

#[test]
fn what_arrives_waits_and_moves_nothing() {
    let mut list = Rows::default();
    list.take(&Span::Newest, rows("dcba"));
    list.step(2, 2);
    assert_eq!((list.selected().unwrap().1.id().as_str(), list.top), ("b", 1));
    list.arrive(row("e"));
    list.arrive(row("e"));
    list.take(&Span::Newest, rows("gfedc"));
    assert_eq!((list.waiting(), shown(&list).as_str()), (3, "dcba"));
    assert_eq!(list.selected().unwrap().1.id(), "b");
    list.show_new(9);
    assert_eq!((shown(&list).as_str(), list.waiting()), ("gfedcba", 0));
    assert_eq!(list.selected().unwrap().1.id(), "b");
}

#[test]
fn older_rows_are_added_until_there_are_none() {
    let mut list = Rows::default();
    list.take(&Span::Newest, rows("fed"));
    assert_eq!(list.wanted(10), Some(Span::Below("d".into())));
    list.take(&Span::Below("d".into()), rows("dcb"));
    assert_eq!(shown(&list), "fedcb");
    list.take(&Span::Below("b".into()), Page::default());
    assert!(list.ended && list.wanted(10).is_none());
}

#[test]
fn what_is_gone_takes_no_neighbour_with_it() {
    let mut list = Rows::default();
    list.take(&Span::Newest, rows("dcba"));
    list.step(2, 9);
    list.remove(&"d".into());
    assert_eq!((shown(&list).as_str(), list.selected().unwrap().1.id().as_str()), ("cba", "b"));
    list.remove(&"b".into());
    assert_eq!(list.selected().unwrap().1.id(), "a");
    list.remove(&"a".into());
    list.remove(&"c".into());
    assert!(list.selected().is_none());
    list.step(-1, 9);
}

#[test]
fn a_changed_post_changes_where_it_was_passed_on_too() {
    let mut list = Rows::default();
    let boost = Status {
        id: "b".into(),
        reblog: Some(Box::new(Status { id: "a".into(), ..Status::default() })),
        ..Status::default()
    };
    list.take(&Span::Newest, vec![Row::Post(Box::new(boost)), row("a")].into());
    list.change(&Status { id: "a".into(), favourited: true, ..Status::default() });
    assert!(list.all().all(|row| row.post().unwrap().favourited));
}

fn boost(id: &str, by: &str) -> Row {
    let inner = Status { id: format!("of-{id}"), ..Status::default() };
    let mut boost = Status { id: id.into(), reblog: Some(Box::new(inner)), ..Status::default() };
    boost.account.id = by.into();
    Row::Post(Box::new(boost))
}

/// Small letters are posts, large ones boosts by one person, digits boosts by another.
fn mixed(ids: &str) -> Page {
    let row = |id: char| match id {
        'A'..='Z' => boost(&id.to_string(), "x"),
        '0'..='9' => boost(&id.to_string(), "y"),
        _ => row(&id.to_string()),
    };
    ids.chars().map(row).collect::<Vec<_>>().into()
}

/// What is drawn: a run by its first row and how many it is.
fn drawn(rows: &Rows) -> String {
    let one = |shown: Shown<'_>| match shown.run {
        1 => shown.row.id().clone(),
        run => format!("({}{run})", shown.row.id()),
    };
    rows.shown(usize::MAX).into_iter().map(one).collect()
}

#[test]
fn a_run_of_boosts_by_one_person_is_one_row_until_it_is_unfolded() {
    let mut list = Rows::default();
    list.take(&Span::Newest, mixed("aABCDb12cEF"));
    assert_eq!(drawn(&list), "a(A4)b12cEF");
    list.step(1, 9);
    assert_eq!((list.selected().unwrap().1.id().as_str(), list.selected_run()), ("A", 4));
    list.step(1, 9);
    assert_eq!(list.selected().unwrap().1.id(), "b");
    list.step(-1, 9);
    assert!(list.fold(9));
    assert_eq!(drawn(&list), "aABCDb12cEF");
    list.step(2, 9);
    assert!(list.fold(9));
    assert_eq!((drawn(&list).as_str(), list.selected().unwrap().1.id().as_str()), ("a(A4)b12cEF", "A"));
    list.take(&Span::Below("F".into()), mixed("GHd"));
    assert_eq!(drawn(&list), "a(A4)b12c(E4)d");
    list.remove(&"A".into());
    assert_eq!((drawn(&list).as_str(), list.selected().unwrap().1.id().as_str()), ("a(B3)b12c(E4)d", "B"));
    assert!(!Rows::default().fold(3));
}

#[test]
fn new_boosts_do_not_swallow_the_row_that_is_selected() {
    let mut list = Rows::default();
    list.take(&Span::Newest, mixed("AB"));
    list.put_above(mixed("CD").rows);
    list.show_new(9);
    assert_eq!((list.selected().unwrap().1.id().as_str(), drawn(&list).as_str()), ("A", "CDAB"));
}

#[test]
fn who_was_away_goes_on_page_by_page_without_a_hole() {
    let mut list = Rows::default();
    list.take(&Span::Newest, rows("cba"));
    list.fall_behind();
    list.arrive(row("z"));
    assert_eq!(list.waiting(), 0);
    assert_eq!(list.wanted(1), Some(Span::Above("c".into())));
    list.take(&Span::Above("c".into()), rows("fed"));
    assert_eq!(list.wanted(1), Some(Span::Above("f".into())));
    list.take(&Span::Above("f".into()), Page::default());
    // It arrived while that was on its way.
    assert_eq!(list.wanted(1), Some(Span::Above("f".into())));
    list.take(&Span::Above("f".into()), rows("z"));
    list.take(&Span::Above("z".into()), Page::default());
    assert!(!list.is_behind() && list.waiting() == 4);
    list.arrive(row("y"));
    list.show_new(9);
    assert_eq!(shown(&list), "yzfedcba");
}

#[test]
fn what_is_fetched_again_goes_to_its_place() {
    let mut list = Rows::default();
    list.take(&Span::Newest, rows("geca"));
    list.step(2, 1);
    list.take(&Span::Newest, rows("ihgfedcba"));
    assert_eq!((shown(&list).as_str(), list.waiting()), ("gfedcba", 2));
    assert_eq!(list.selected().unwrap().1.id(), "c");
    // Nothing of the newest page is known: there is more between.
    list.take(&Span::Newest, rows("xyz"));
    assert!(list.is_behind() && shown(&list) == "gfedcba");
    assert_eq!(list.wanted(1), Some(Span::Above("i".into())));
}

#[test]
fn what_a_fresh_page_lacks_is_gone() {
    let mut list = Rows::default();
    list.take(&Span::Newest, rows("fedcba"));
    list.step(2, 9);
    list.loading = Some(Span::Newest);
    // It came while the page was on its way.
    list.arrive(row("g"));
    list.take(&Span::Newest, rows("fdc"));
    assert_eq!((shown(&list).as_str(), list.waiting()), ("fdcba", 1));
    assert_eq!(list.selected().unwrap().1.id(), "d");
    // The next page has had the time to have it.
    list.take(&Span::Newest, rows("dc"));
    assert_eq!((shown(&list).as_str(), list.waiting()), ("dcba", 0));
    // A page that reaches down to the last one there is says the same of all.
    list.take(&Span::Newest, Page { last: true, ..rows("dc") });
    assert_eq!(shown(&list), "dc");
    // A page may be empty and lead to the next one.
    list.take(&Span::Newest, Page { below: Some("e".into()), ..Page::default() });
    assert_eq!(shown(&list), "dc");
    list.take(&Span::Newest, Page::default());
    assert!(list.is_empty() && list.selected().is_none());
    // A page of which nothing is known says nothing of what is below it.
    list.take(&Span::Newest, rows("dc"));
    list.take(&Span::Newest, rows("xyz"));
    assert_eq!(shown(&list), "dc");
}

#[test]
fn who_comes_back_is_where_they_were() {
    let mut list = Rows::default();
    list.take(&Span::Around("c".into()), rows("edcba"));
    assert_eq!((list.selected().unwrap().1.id().as_str(), list.waiting()), ("c", 2));
    assert_eq!(list.wanted(1), Some(Span::Above("e".into())));
    let mut list = Rows::default();
    list.take(&Span::Around("gone".into()), rows("edcba"));
    assert_eq!((list.selected().unwrap().1.id().as_str(), list.waiting()), ("e", 0));
}

#[test]
fn pages_hang_on_what_the_server_says() {
    let mut list = Rows::default();
    list.take(&Span::Newest, Page { below: Some("7".into()), ..rows("ba") });
    assert_eq!(list.wanted(9), Some(Span::Below("7".into())));
    list.take(&Span::Below("7".into()), Page { below: Some("5".into()), ..Page::default() });
    assert_eq!(list.wanted(9), Some(Span::Below("5".into())));
    list.take(&Span::Below("5".into()), Page { below: Some("5".into()), ..Page::default() });
    assert!(list.ended);
}

/// Something that happens to a timeline, and whether the reader wanted to move.
#[derive(Debug, Clone)]
enum Event {
    Arrive(u8),
    Fetch(Vec<u8>),
    Above(Vec<u8>),
    Below(Vec<u8>),
    Remove(u8),
    Resize(usize),
    Away,
    ShowNew,
    Step(isize),
    Fold,
}

fn event() -> impl Strategy<Value = Event> {
    let page = || proptest::collection::vec(any::<u8>(), 0..8);
    prop_oneof![
        any::<u8>().prop_map(Event::Arrive),
        page().prop_map(Event::Fetch),
        page().prop_map(Event::Above),
        page().prop_map(Event::Below),
        any::<u8>().prop_map(Event::Remove),
        (0usize..12).prop_map(Event::Resize),
        Just(Event::Away),
        Just(Event::ShowNew),
        (-9isize..9).prop_map(Event::Step),
        Just(Event::Fold),
    ]
}

/// A row by its number: most are boosts of two people, so that there are runs.
fn numbered(number: u8) -> Row {
    match number % 8 {
        0..3 => boost(&number.to_string(), "x"),
        3..5 => boost(&number.to_string(), "y"),
        _ => row(&number.to_string()),
    }
}

proptest! {
    #[test]
    fn nothing_but_the_reader_moves_the_selection(events in proptest::collection::vec(event(), 0..60)) {
        let mut list = Rows::default();
        let mut height = 5;
        let page = |ids: Vec<u8>| Page::from(ids.into_iter().map(numbered).collect::<Vec<_>>());
        for event in events {
            let before = list.selected().map(|(_, row)| row.id().clone());
            let mut moves = before.is_none();
            match event {
                Event::Arrive(id) => list.arrive(numbered(id)),
                Event::Fetch(ids) => {
                    list.take(&Span::Newest, page(ids));
                    // It may be gone.
                    moves |= before.as_ref().is_some_and(|id| !list.known.contains(id));
                }
                Event::Above(ids) => list.take(&Span::Above("".into()), page(ids)),
                Event::Below(ids) => list.take(&Span::Below("".into()), page(ids)),
                Event::Remove(id) => {
                    moves |= before == Some(id.to_string());
                    list.remove(&id.to_string());
                }
                Event::Resize(rows) => height = rows,
                Event::Away => list.fall_behind(),
                Event::ShowNew => list.show_new(height),
                Event::Step(by) => {
                    list.step(by, height);
                    moves = true;
                }
                Event::Fold => {
                    list.fold(height);
                    moves = true;
                }
            }
            list.keep_in_sight(height);
            if !moves {
                prop_assert_eq!(list.selected().map(|(_, row)| row.id().clone()), before);
            }
            // What is selected is drawn, on the screen, and once.
            let shown = list.shown(height.max(1));
            let selected = shown.iter().filter(|shown| shown.selected).count();
            prop_assert_eq!(selected, usize::from(!list.is_empty()), "{:?}", list);
            // No row is there twice, and each is known.
            let all: Vec<_> = list.fresh.iter().chain(list.all()).map(|row| row.id().clone()).collect();
            let mut once = all.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), all.len());
            prop_assert_eq!(list.known.len(), all.len());
        }
    }
}
