//! The index on disk: what is written to it for a post or a person, and how a question is put to it.
//!
//! It holds no text that could be read back, only words and where they stand. It proposes; what a proposal is worth is
//! decided by [`Document::answers`](super::document::Document::answers) on what the store holds.

use std::{collections::HashMap, ops::Bound, path::Path};

use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, Order, ReloadPolicy, Searcher, TantivyDocument,
    TantivyError, Term,
    collector::{DocSetCollector, TopDocs, sort_key::SortByStaticFastValue},
    directory::MmapDirectory,
    indexer::{IndexWriterOptions, LogMergePolicy},
    query::{BooleanQuery, EmptyQuery, Occur, PhraseQuery, RangeQuery, TermQuery},
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};

use super::{
    document::Document,
    query::{Clause, Query, What},
    words::Word,
};

/// Changes whenever the same text would be kept in another way: the index is then made anew.
const FORM: u32 = 1;
/// Bytes of memory in which words are gathered before they are written: the least that the library takes.
const HEAP: usize = 15_000_000;
/// Words that a beginning may stand for: the most common of them. More would read half of the index.
const ENDINGS: usize = 64;
/// Words that are looked at to choose those.
const ENDINGS_SEEN: usize = 4_096;

/// Why an index could not be read or written.
pub type Error = TantivyError;

/// Where in the order of arrival an index is, kept with each commit.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    /// [`FORM`].
    form: u32,
    /// All up to this arrival is in the index.
    pub arrival: u64,
    /// What the store calls its index: another store has another.
    pub name: String,
}

impl Mark {
    /// A mark at this arrival.
    pub fn at(arrival: u64, name: &str) -> Self {
        Self { form: FORM, arrival, name: name.into() }
    }

    /// Whether this version wrote the index, for the store that calls its index so.
    pub fn fits(&self, name: &str) -> bool {
        self.form == FORM && self.name == name
    }
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    /// Arrival of a post, to order and to find it by.
    arrival: Field,
    /// When it was written.
    time: Field,
    /// Number of its author, for posts.
    author: Field,
    /// Number of a person, for people.
    person: Field,
    words: Field,
    names: Field,
    tags: Field,
    flags: Field,
    languages: Field,
}

impl Fields {
    fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let text = |record| {
            let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_fieldnorms(false);
            TextOptions::default().set_indexing_options(indexing.set_index_option(record))
        };
        let (places, bare) = (IndexRecordOption::WithFreqsAndPositions, IndexRecordOption::Basic);
        let fields = Self {
            arrival: schema.add_u64_field("arrival", INDEXED | FAST),
            time: schema.add_u64_field("time", FAST),
            author: schema.add_u64_field("author", INDEXED),
            person: schema.add_u64_field("person", INDEXED | FAST),
            words: schema.add_text_field("words", text(places)),
            names: schema.add_text_field("names", text(places)),
            tags: schema.add_text_field("tags", text(bare)),
            flags: schema.add_text_field("flags", text(bare)),
            languages: schema.add_text_field("languages", text(bare)),
        };
        (schema.build(), fields)
    }
}

/// An index on disk.
pub struct Words {
    index: Index,
    fields: Fields,
    reader: IndexReader,
}

/// What writes to it; there is one at a time.
pub struct Pen {
    writer: IndexWriter,
    fields: Fields,
}

/// An index as it was at one moment.
#[derive(Clone)]
pub struct Moment {
    searcher: Searcher,
    fields: Fields,
}

/// A post that may answer: when it was written, and its arrival. Orders as a timeline does.
pub type Proposal = (u64, u64);

impl Words {
    /// Opens the index in a folder, or begins one.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let (schema, fields) = Fields::schema();
        let directory = MmapDirectory::open(folder)?;
        let builder = Index::builder().schema(schema).settings(IndexSettings::default());
        let index = builder.open_or_create(directory)?;
        // Told by hand after each commit: no thread that watches a file.
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(1);
        Ok(Self { fields, reader: reader.try_into()?, index })
    }

    /// Files whose check sum is not what was written. Reads all of them.
    pub fn damaged(&self) -> Result<bool, Error> {
        Ok(!self.index.validate_checksum()?.is_empty())
    }

    /// Where the last commit stood.
    pub fn mark(&self) -> Result<Mark, Error> {
        let payload = self.index.load_metas()?.payload.unwrap_or_default();
        Ok(serde_json::from_str(&payload).unwrap_or_default())
    }

    /// Begins to write. Takes memory until the pen is dropped.
    pub fn pen(&self) -> Result<Pen, Error> {
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(HEAP)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer = self.index.writer_with_options(options)?;
        let mut merging = LogMergePolicy::default();
        // A segment of which a tenth is gone is written anew at the next occasion.
        merging.set_del_docs_ratio_before_merge(0.1);
        writer.set_merge_policy(Box::new(merging));
        Ok(Pen { writer, fields: self.fields })
    }

    /// The index as it is now.
    pub fn moment(&self) -> Result<Moment, Error> {
        self.reader.reload()?;
        Ok(Moment { searcher: self.reader.searcher(), fields: self.fields })
    }

    /// Segments that still hold words of what was erased, and how many posts they hold.
    pub fn soiled(&self) -> Result<Vec<(tantivy::index::SegmentId, u32)>, Error> {
        let segments = self.index.searchable_segment_metas()?;
        Ok(segments.iter().filter(|one| one.has_deletes()).map(|one| (one.id(), one.max_doc())).collect())
    }
}

impl Pen {
    /// Takes out a post.
    pub fn take_post(&self, arrival: u64) {
        self.writer.delete_term(Term::from_field_u64(self.fields.arrival, arrival));
    }

    /// Takes out a person.
    pub fn take_person(&self, number: u32) {
        self.writer.delete_term(Term::from_field_u64(self.fields.person, number.into()));
    }

    /// Enters a post.
    pub fn post(&self, arrival: u64, document: Document) -> Result<(), Error> {
        let mut entered = TantivyDocument::new();
        entered.add_u64(self.fields.arrival, arrival);
        entered.add_u64(self.fields.time, document.time);
        entered.add_u64(self.fields.author, document.author.into());
        entered.add_pre_tokenized_text(self.fields.words, tokens(document.words));
        for tag in &document.tags {
            entered.add_text(self.fields.tags, tag);
        }
        for flag in &document.flags {
            entered.add_text(self.fields.flags, flag);
        }
        for language in &document.languages {
            entered.add_text(self.fields.languages, language);
        }
        self.writer.add_document(entered).map(drop)
    }

    /// Enters a person.
    pub fn person(&self, number: u32, document: Document) -> Result<(), Error> {
        let mut entered = TantivyDocument::new();
        entered.add_u64(self.fields.person, number.into());
        entered.add_pre_tokenized_text(self.fields.names, tokens(document.words));
        self.writer.add_document(entered).map(drop)
    }

    /// All that was entered and taken out is on disk when this returns.
    pub fn commit(&mut self, mark: &Mark) -> Result<(), Error> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(mark).unwrap_or_default());
        commit.commit().map(drop)
    }

    /// Writes segments anew without what was taken out of them, and waits until they are.
    pub fn wash(&mut self, segments: &[tantivy::index::SegmentId]) -> Result<(), Error> {
        for segment in segments {
            self.writer.merge(&[*segment]).wait()?;
        }
        self.writer.garbage_collect_files().wait().map(drop)
    }

    /// Ends when merges that are under way did.
    pub fn lay_down(self) -> Result<(), Error> {
        self.writer.wait_merging_threads()
    }
}

fn tokens(words: Vec<Word>) -> PreTokenizedString {
    let token = |word: Word| Token { position: word.place as usize, text: word.form, ..Token::default() };
    PreTokenizedString { text: String::new(), tokens: words.into_iter().map(token).collect() }
}

impl Moment {
    /// The newest or oldest so many posts that may answer, after `skip` of them, written within `span`.
    pub fn posts(
        &self,
        query: &Query,
        from: &dyn Fn(&str) -> Option<u32>,
        span: std::ops::RangeInclusive<u64>,
        oldest_first: bool,
        (skip, limit): (usize, usize),
    ) -> Result<Vec<Proposal>, Error> {
        let query = self.compile(query, from, span)?;
        let order = if oldest_first { Order::Asc } else { Order::Desc };
        let by = |field: &str| (SortByStaticFastValue::<u64>::for_field(field), order);
        let top = TopDocs::with_limit(limit.max(1)).and_offset(skip).order_by((by("time"), by("arrival")));
        let found = self.searcher.search(&query, &top)?;
        Ok(found.into_iter().filter_map(|((time, arrival), _)| Some((time?, arrival?))).collect())
    }

    /// The numbers of people whose names or descriptions have all these words, or begin like the last.
    pub fn people(&self, asked: &[(Word, bool)], limit: usize) -> Result<Vec<u32>, Error> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut all: Vec<(Occur, Box<dyn tantivy::query::Query>)> = Vec::new();
        for (word, open) in asked {
            all.push((Occur::Must, self.word(self.fields.names, &word.form, *open)?));
        }
        let mut found = Vec::new();
        for address in self.searcher.search(&BooleanQuery::new(all), &DocSetCollector)? {
            let segment = self.searcher.segment_reader(address.segment_ord);
            let numbers = segment.fast_fields().u64("person")?;
            found.extend(numbers.first(address.doc_id).and_then(|number| u32::try_from(number).ok()));
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    /// Tags that begin like this, with how many posts have them, the most used first.
    pub fn tags(&self, beginning: &str, limit: usize) -> Result<Vec<(String, u64)>, Error> {
        let mut found: Vec<(String, u64)> = self.endings(self.fields.tags, beginning)?.into_iter().collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found.truncate(limit);
        Ok(found)
    }

    /// Whether a word is in any of the files, of a post that is there or of one that is gone.
    #[cfg(test)]
    pub fn knows(&self, word: &str) -> bool {
        self.endings(self.fields.words, word).unwrap().contains_key(word)
    }

    /// Posts and people in it.
    pub fn len(&self) -> u64 {
        self.searcher.num_docs()
    }

    fn endings(&self, field: Field, beginning: &str) -> Result<HashMap<String, u64>, Error> {
        let mut found: HashMap<String, u64> = HashMap::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut terms = index.terms().range().ge(beginning.as_bytes()).into_stream()?;
            let mut seen = 0;
            while seen < ENDINGS_SEEN
                && let Some((term, info)) = terms.next()
            {
                let Some(term) = std::str::from_utf8(term).ok().filter(|term| term.starts_with(beginning))
                else {
                    break;
                };
                seen += 1;
                *found.entry(term.to_owned()).or_default() += u64::from(info.doc_freq);
            }
        }
        Ok(found)
    }

    fn word(&self, field: Field, form: &str, open: bool) -> Result<Box<dyn tantivy::query::Query>, Error> {
        let exact = |form: &str| TermQuery::new(Term::from_field_text(field, form), IndexRecordOption::Basic);
        if !open {
            return Ok(Box::new(exact(form)));
        }
        let mut endings: Vec<(String, u64)> = self.endings(field, form)?.into_iter().collect();
        endings.sort_by_key(|(_, posts)| std::cmp::Reverse(*posts));
        // The word itself is among them, if it is one.
        endings.sort_by_key(|(ending, _)| ending != form);
        endings.truncate(ENDINGS);
        Ok(match endings.as_slice() {
            [] => Box::new(EmptyQuery),
            [(one, _)] => Box::new(exact(one)),
            _ => {
                let any = endings.iter().map(|(one, _)| (Occur::Should, Box::new(exact(one)) as Box<_>));
                Box::new(BooleanQuery::new(any.collect()))
            }
        })
    }

    fn compile(
        &self,
        query: &Query,
        from: &dyn Fn(&str) -> Option<u32>,
        span: std::ops::RangeInclusive<u64>,
    ) -> Result<BooleanQuery, Error> {
        let Fields { time, author, words, tags, flags, languages, .. } = self.fields;
        let text = |field, text: &str| -> Box<dyn tantivy::query::Query> {
            Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
        };
        let within = |from: u64, to: u64| -> Box<dyn tantivy::query::Query> {
            let at = |ms| Term::from_field_u64(time, ms);
            Box::new(RangeQuery::new(Bound::Included(at(from)), Bound::Included(at(to))))
        };
        let mut all: Vec<(Occur, Box<dyn tantivy::query::Query>)> = Vec::new();
        // What cannot hold of a person need not be told from one.
        let mut posts_only = query.wants_boosts();
        for Clause { not, what } in &query.clauses {
            let narrow: Box<dyn tantivy::query::Query> = match what {
                What::Words(phrase, open) => match phrase.as_slice() {
                    [] => continue,
                    [word] => self.word(words, &word.form, *open)?,
                    [first, ..] => {
                        let place = |word: &Word| (word.place - first.place) as usize;
                        let term = |word: &Word| (place(word), Term::from_field_text(words, &word.form));
                        Box::new(PhraseQuery::new_with_offset(phrase.iter().map(term).collect()))
                    }
                },
                What::Tag(tag) => text(tags, tag),
                What::Flag(flag) => text(flags, flag),
                What::Language(language) => text(languages, language),
                What::From(who) => match from(who) {
                    Some(number) => {
                        let number = Term::from_field_u64(author, number.into());
                        Box::new(TermQuery::new(number, IndexRecordOption::Basic))
                    }
                    None => Box::new(EmptyQuery),
                },
                What::During(when) => within(when.start, when.end.saturating_sub(1)),
            };
            posts_only |= !not && !matches!(what, What::During(_) | What::From(_));
            all.push((if *not { Occur::MustNot } else { Occur::Must }, narrow));
        }
        if !posts_only {
            all.push((Occur::Must, text(flags, "post")));
        }
        if span != (0..=u64::MAX) {
            all.push((Occur::Must, within(*span.start(), *span.end())));
        }
        Ok(BooleanQuery::new(all))
    }
}
