//! Polls: asked with a post, voted on, shown.

use serde_json::{Value, json};
use starling_protocol::limits;

use super::{Failure, Output, answer::Poll, layout, output::safe, print, read, session::Context};

/// A question that goes with a post.
#[derive(Debug, clap::Args)]
pub struct Ask {
    /// Let people choose this answer; 2 to 8 times
    #[arg(long = "poll", value_name = "ANSWER")]
    answers: Vec<String>,
    /// How long they may, such as "30m", "6h" or "7d"
    #[arg(long = "poll-for", value_name = "TIME", default_value = "1d", value_parser = seconds, requires = "answers")]
    time: u64,
    /// Let them choose several answers
    #[arg(long = "poll-several", requires = "answers")]
    several: bool,
    /// Show nothing of the votes before the end
    #[arg(long = "poll-hidden", requires = "answers")]
    hidden: bool,
}

/// Minutes, hours or days, as seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 60 * 60,
        Some('d') => 24 * 60 * 60,
        _ => return Err("a time is a number and m, h or d".into()),
    };
    let number = text.get(..text.len() - 1).and_then(|number| number.parse::<u64>().ok());
    let seconds = number.and_then(|number| number.checked_mul(unit));
    seconds.ok_or_else(|| "a time is a number and m, h or d".into())
}

impl Ask {
    /// The poll as the API takes it, if there is one.
    pub fn poll(&self) -> Option<Value> {
        let (answers, time) = (&self.answers, self.time);
        let poll = json!({
            "options": answers, "expires_in": time, "multiple": self.several, "hide_totals": self.hidden,
        });
        (!answers.is_empty()).then_some(poll)
    }
}

/// Vote on a poll
#[derive(Debug, clap::Args)]
pub struct Vote {
    /// The post that it goes with
    #[arg(value_name = "ID")]
    id: String,
    /// The answers, by the numbers that stand before them
    #[arg(value_name = "N", required = true, value_parser = clap::value_parser!(u8).range(1..=limits::POLL_OPTIONS as i64))]
    answers: Vec<u8>,
}

impl Vote {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let session = context.session()?;
        let id = read::entry(&session.client, &self.id)?;
        let choices: Vec<u8> = self.answers.iter().map(|answer| answer - 1).collect();
        let _: Value =
            session.client.post(&format!("/api/v1/polls/{id}/votes"), &json!({ "choices": choices }))?;
        print::one(&context.output, &read::post(&session.client, &id)?)
    }
}

/// A poll as lines for people.
pub fn lines(output: &Output, poll: &Poll) -> Vec<String> {
    let option = |(at, option): (usize, &super::answer::Choice)| {
        let mine = if poll.own_votes.contains(&at) { " (you)" } else { "" };
        let votes = option.votes_count.map(|votes| format!(" · {}", layout::count(votes, "vote", "votes")));
        let votes = output.dim(votes.unwrap_or_default());
        format!("{}. {}{votes}{mine}", at + 1, safe(&option.title))
    };
    let mut lines: Vec<String> = poll.options.iter().enumerate().map(option).collect();
    let several = if poll.multiple { "several answers, " } else { "" };
    let end = if poll.expired { "ended".to_owned() } else { format!("until {}", safe(&poll.expires_at)) };
    lines.push(output.dim(format!("({several}{end})")));
    lines
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_numbers_with_a_unit() {
        assert_eq!([seconds("30m"), seconds("6h"), seconds("7d")], [Ok(1_800), Ok(21_600), Ok(604_800)]);
        for wrong in
            ["", "m", "5", "5s", "-1h", "1.5h", "1dé", "99999999999999999999d", "9999999999999999999d"]
        {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
