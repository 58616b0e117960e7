//! What a build may take: memory, depth, work, files, what is fetched.
//!
//! The input of a build may be a stranger's. A few lines of it can ask for a text that doubles forty times, or for a
//! million directories; each such thing has a limit here. [`Limits`] are the numbers and `Budget` is what is used
//! up of them, shared by the threads of one build. Whoever makes something grow charges the budget first, and gives
//! the error the place that asked for it:
//!
//! ```text
//! budget.take(Limit::Directories, 1).map_err(|e| Error::from(e).at(entry.mark.location()))?;
//! ```
//!
//! Documents charge what they hold by themselves (see `yaml::node`).

use crate::diag::{Error, ErrorKind};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Bytes that documents and other texts of the build hold at a time, beyond 32 times what was read.
    Memory,
    /// Bytes of a document's text that is not a part of the file it was read from.
    Text,
    /// Nodes that copies (aliases, patches, replacements) add to one document.
    Nodes,
    /// Levels of mappings and sequences inside each other.
    Depth,
    /// Objects of a build.
    Objects,
    /// Steps: bytes copied, nodes compared, objects looked at for a patch; beyond 1000 times what was read.
    Work,
    /// How often directories are entered.
    Directories,
    /// Directories that include one another in a chain.
    DirectoryDepth,
    /// Bytes of one file.
    File,
    /// Bytes of all compiled regular expressions.
    Patterns,
    /// Properties that the description of one custom type comes to.
    Properties,
    /// Bytes of one file that is fetched by HTTP.
    Download,
    /// Bytes of everything that is fetched.
    Fetched,
    /// Seconds that fetching may take in all.
    FetchTime,
}

/// A limit with its name on the command line, what messages call it, and its default.
struct Row {
    limit: Limit,
    name: &'static str,
    noun: &'static str,
    unit: Unit,
    default: u64,
}

/// How a number is shown.
#[derive(Clone, Copy)]
enum Unit {
    Count,
    Bytes,
    Seconds,
}

const fn row(limit: Limit, name: &'static str, noun: &'static str, unit: Unit, default: u64) -> Row {
    Row { limit, name, noun, unit, default }
}

/// In the order of [`Limit`].
const ROWS: [Row; 14] = [
    row(
        Limit::Memory,
        "memory",
        "of memory for documents, beyond what the input takes",
        Unit::Bytes,
        384 << 20,
    ),
    row(Limit::Text, "text", "of text made for one document", Unit::Bytes, 128 << 20),
    row(Limit::Nodes, "nodes", "nodes copied within one document", Unit::Count, 10_000_000),
    row(Limit::Depth, "depth", "levels of nesting", Unit::Count, 10_000),
    row(Limit::Objects, "objects", "objects", Unit::Count, 2_000_000),
    row(Limit::Work, "work", "steps, beyond what the input takes", Unit::Count, 4_000_000_000),
    row(Limit::Directories, "directories", "directories entered", Unit::Count, 250_000),
    row(
        Limit::DirectoryDepth,
        "directory-depth",
        "directories include one another in a chain",
        Unit::Count,
        500,
    ),
    row(Limit::File, "file", "in one file", Unit::Bytes, (2 << 30) - 1),
    row(Limit::Patterns, "patterns", "of compiled regular expressions", Unit::Bytes, 64 << 20),
    row(Limit::Properties, "properties", "properties in one custom type", Unit::Count, 100_000),
    row(Limit::Download, "download", "in one fetched file", Unit::Bytes, 256 << 20),
    row(Limit::Fetched, "fetched", "of fetched content", Unit::Bytes, 256 << 20),
    row(Limit::FetchTime, "fetch-time", "of fetching", Unit::Seconds, 300),
];

/// How many bytes of memory each byte of the input adds to [`Limit::Memory`]: the table of a document whose text is
/// `[a,a,…` takes about this much.
pub(crate) const FACTOR: u64 = 32;

/// How many steps each byte of the input adds to [`Limit::Work`].
pub(crate) const WORK_FACTOR: u64 = 1000;

/// No text can be longer, whatever is allowed: spans of documents have 31 bits.
pub(crate) const LONGEST_TEXT: u64 = (1 << 31) - 1;

/// An offset, a length or an index as tables hold it: in half the memory.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "texts are at most LONGEST_TEXT bytes long, and what tables hold is at most one row for each of them"
)]
pub(crate) fn narrow(n: usize) -> u32 {
    n as u32
}

/// Deeper documents cannot be allowed: the stacks of the worker threads are made for this.
const DEEPEST: u64 = 10_000;

impl Limit {
    /// All limits, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.limit)
    }

    /// The limit that the command line and configuration call so.
    pub fn from_name(name: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.name == name).map(|row| row.limit)
    }

    /// Its name on the command line and in configuration.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Compares a number with the default, where there is no budget.
    ///
    /// # Errors
    ///
    /// It is more.
    pub(crate) fn check_default(self, amount: u64) -> Result<(), Exceeded> {
        let most = self.row().default;
        if amount > most { Err(Exceeded { limit: self, most }) } else { Ok(()) }
    }

    /// Returns the highest value that can be set, where there is one.
    fn highest(self) -> u64 {
        match self {
            Self::Text | Self::File => LONGEST_TEXT,
            Self::Depth | Self::DirectoryDepth => DEEPEST,
            _ => u64::MAX,
        }
    }

    fn row(self) -> &'static Row {
        // The rows stand in the order of the enum, which a test holds.
        ROWS.get(self as usize).unwrap_or(&ROWS[0])
    }
}

/// The numbers. The defaults work for the largest trees in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits([u64; ROWS.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self(ROWS.each_ref().map(|row| row.default))
    }
}

impl Limits {
    /// The value of a limit.
    pub fn get(&self, limit: Limit) -> u64 {
        self.0.get(limit as usize).copied().unwrap_or(0)
    }

    /// Sets a limit; what is more than kfm can hold is lowered to that.
    #[must_use]
    pub fn with(mut self, limit: Limit, value: u64) -> Self {
        if let Some(slot) = self.0.get_mut(limit as usize) {
            *slot = value.min(limit.highest());
        }
        self
    }

    /// Sets a limit as the command line writes it: `memory=2GiB`, `depth=500`, `fetch-time=30s`.
    ///
    /// # Errors
    ///
    /// The name is unknown, or the value is not a number or more than kfm can hold.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let limit = Limit::from_name(name).ok_or_else(|| {
            let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
            format!("unknown limit `{name}`; the limits are {}", names.join(", "))
        })?;
        let row = limit.row();
        let number = parse(value, row.unit).ok_or_else(|| {
            format!("invalid value `{value}` for the limit `{name}`, write {}", example(row))
        })?;
        if number > limit.highest() {
            let most = Amount(row.unit, limit.highest());
            return Err(format!("the limit `{name}` cannot be more than {most}"));
        }
        *self = std::mem::take(self).with(limit, number);
        Ok(())
    }
}

fn example(row: &Row) -> String {
    format!("`{}={}`", row.name, Amount(row.unit, row.default))
}

/// A number as people write it: `512MiB`, `30s`, `10000`.
fn parse(text: &str, unit: Unit) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let factor: u64 = match (unit, suffix) {
        (_, "") | (Unit::Seconds, "s") => 1,
        (Unit::Bytes, "KiB") => 1 << 10,
        (Unit::Bytes, "MiB") => 1 << 20,
        (Unit::Bytes, "GiB") => 1 << 30,
        (Unit::Seconds, "m") => 60,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// A number with its unit.
struct Amount(Unit, u64);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(unit, number) = self;
        match unit {
            Unit::Count => write!(f, "{number}"),
            Unit::Seconds => write!(f, "{number}s"),
            Unit::Bytes => {
                let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
                match units.into_iter().find(|(bits, _)| *number != 0 && number % (1 << bits) == 0) {
                    Some((bits, name)) => write!(f, "{}{name}", number >> bits),
                    None => write!(f, "{number}"),
                }
            }
        }
    }
}

/// A limit that was reached. Turn it into an [`Error`] and give that the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    /// Which one.
    pub(crate) limit: Limit,
    /// Its value as it was set.
    pub(crate) most: u64,
}

impl Exceeded {
    /// What the user can do about it.
    pub(crate) fn hint(self) -> String {
        let highest = self.limit.highest();
        if self.most >= highest {
            return "kfm cannot hold more".to_owned();
        }
        let more = Amount(self.limit.row().unit, self.most.saturating_mul(2).min(highest));
        format!("if this is meant, allow more with `--limit {}={more}`", self.limit.name())
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.limit.row();
        let most = Amount(row.unit, self.most).to_string();
        let bytes = matches!(row.unit, Unit::Bytes) && most.ends_with(|c: char| c.is_ascii_digit());
        write!(f, "more than {most}{} {}", if bytes { " bytes" } else { "" }, row.noun)
    }
}

impl From<Exceeded> for Error {
    fn from(exceeded: Exceeded) -> Self {
        Self::new(ErrorKind::Limit, exceeded.to_string()).hint(exceeded.hint())
    }
}

/// What a build has used up of its limits. Threads of one build share it.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    limits: Limits,
    used: [AtomicU64; ROWS.len()],
    /// Bytes that were read.
    input: AtomicU64,
}

impl Budget {
    /// Nothing is used yet.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The limits.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Notes that so many bytes were read, which memory and work may grow with.
    pub(crate) fn read(&self, bytes: u64) {
        self.input.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes an amount of a limit that is for the whole build.
    ///
    /// # Errors
    ///
    /// There is not so much left; it counts as taken all the same.
    pub(crate) fn take(&self, limit: Limit, amount: u64) -> Result<(), Exceeded> {
        let used = self.used.get(limit as usize);
        let before = used.map_or(0, |used| used.fetch_add(amount, Ordering::Relaxed));
        self.compare(limit, before.saturating_add(amount))
    }

    /// Gives back what was taken.
    pub(crate) fn give_back(&self, limit: Limit, amount: u64) {
        if let Some(used) = self.used.get(limit as usize) {
            used.fetch_sub(amount, Ordering::Relaxed);
        }
    }

    /// Compares a number with a limit that is for one thing: a document, a file.
    ///
    /// # Errors
    ///
    /// It is more.
    pub(crate) fn check(&self, limit: Limit, amount: u64) -> Result<(), Exceeded> {
        self.compare(limit, amount)
    }

    fn compare(&self, limit: Limit, amount: u64) -> Result<(), Exceeded> {
        let most = self.limits.get(limit);
        let factor = match limit {
            _ if amount <= most => return Ok(()),
            Limit::Memory => FACTOR,
            Limit::Work => WORK_FACTOR,
            _ => 0,
        };
        let more = self.input.load(Ordering::Relaxed).saturating_mul(factor);
        if amount > most.saturating_add(more) { Err(Exceeded { limit, most }) } else { Ok(()) }
    }
}

/// Takes bytes for compiled patterns; the error is what messages say.
pub(crate) fn room_for_patterns(budget: Option<&Budget>) -> impl Fn(u64) -> Result<(), String> {
    move |bytes| {
        let taken = match budget {
            Some(budget) => budget.take(Limit::Patterns, bytes),
            None => Limit::Patterns.check_default(bytes),
        };
        taken.map_err(|e| format!("{e} ({})", e.hint()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_limits() {
        for (number, row) in ROWS.iter().enumerate() {
            assert_eq!(row.limit as usize, number, "{}", row.name);
            assert!(row.default <= row.limit.highest());
        }
    }

    #[test]
    fn limits_are_set_as_the_command_line_writes_them() {
        let mut limits = Limits::default();
        for (text, expected) in [
            ("memory=2GiB", Ok((Limit::Memory, 2 << 30))),
            ("file=10KiB", Ok((Limit::File, 10 << 10))),
            ("depth=500", Ok((Limit::Depth, 500))),
            ("fetch-time=2m", Ok((Limit::FetchTime, 120))),
            ("depth=10001", Err("the limit `depth` cannot be more than 10000")),
            ("depth=5MiB", Err("invalid value `5MiB` for the limit `depth`, write `depth=10000`")),
            ("memory", Err("invalid value `` for the limit `memory`, write `memory=384MiB`")),
            (
                "memory=99999999999GiB",
                Err("invalid value `99999999999GiB` for the limit `memory`, write `memory=384MiB`"),
            ),
        ] {
            let set = limits.set(text).map_err(|e| e.to_string());
            match expected {
                Ok((limit, value)) => {
                    assert_eq!((set, limits.get(limit)), (Ok(()), value), "{text}");
                }
                Err(message) => assert_eq!(set, Err(message.to_owned()), "{text}"),
            }
        }
        assert!(
            limits
                .set("x=1")
                .is_err_and(|e| e.starts_with("unknown limit `x`; the limits are memory, text,"))
        );
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_input_allows_more() {
        let budget = Budget::new(Limits::default().with(Limit::Memory, 10));
        assert!(budget.take(Limit::Memory, 10).is_ok());
        let error = budget
            .take(Limit::Memory, 1)
            .map_err(Error::from)
            .map_err(|e| (e.to_string(), e.hints().to_vec()));
        assert_eq!(
            error,
            Err((
                "more than 10 bytes of memory for documents, beyond what the input takes".to_owned(),
                vec!["if this is meant, allow more with `--limit memory=20`".to_owned()]
            ))
        );
        budget.give_back(Limit::Memory, 11);
        budget.read(1);
        assert!(budget.take(Limit::Memory, 10 + FACTOR).is_ok());
    }
}
