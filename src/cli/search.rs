//! `search`: posts among all that the node holds.

use serde::Deserialize;

use super::{Failure, Kind, answer::Status, print, session::Context};

/// Posts that a node gives in one answer.
const PAGE: usize = 40;

/// Find posts by their words
#[derive(Debug, clap::Args)]
#[command(
    after_help = "WORDS are looked for in texts, warnings and descriptions of pictures; the last may go on. \
Besides: \"two words\" in this order, -word without it, #tag, from:WHO or from:me, before:, after: and during: with a \
day, month or year (2026-11-22), has:media, has:link, has:poll, is:reply, is:boost, language:gn."
)]
pub struct Search {
    /// What to look for
    #[arg(value_name = "WORDS", required = true, num_args = 1.., allow_hyphen_values = true)]
    words: Vec<String>,
    /// How many
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    limit: usize,
}

#[derive(Debug, Deserialize)]
struct Found {
    statuses: Vec<Status>,
}

impl Search {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let session = context.session()?;
        // Flags of ours that stand behind the words are words to the reader of arguments: it cannot know better.
        let question = self.words.join(" ");
        let mut statuses: Vec<Status> = Vec::new();
        while statuses.len() < self.limit {
            let limit = (self.limit - statuses.len()).min(PAGE).to_string();
            let mut query = vec![("q", question.as_str()), ("type", "statuses"), ("limit", limit.as_str())];
            let oldest = statuses.last().map(|status| status.id.clone());
            query.extend(oldest.as_deref().map(|id| ("max_id", id)));
            let Found { statuses: page } = session.client.get_with("/api/v2/search", &query)?;
            if page.is_empty() {
                break;
            }
            statuses.extend(page);
        }
        if statuses.is_empty() && !context.output.json {
            return Err(Failure::new(Kind::NotFound, "nothing that is held answers that")
                .hint("`starling search --help` shows what can be asked"));
        }
        print::list(&context.output, &statuses)
    }
}
