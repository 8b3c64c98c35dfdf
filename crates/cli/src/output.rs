//! Printing: data on standard output, everything else on standard error. Nothing else prints.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Effects, Style};
use holdshort_sdk::api;

/// A heading.
pub(crate) const BOLD: Style = Style::new().effects(Effects::BOLD);
/// Less important.
pub(crate) const DIM: Style = Style::new().effects(Effects::DIMMED);
/// Dangerous, or wrong.
pub(crate) const DANGER: Style =
    Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))).effects(Effects::BOLD);
/// Risky.
pub(crate) const RISKY: Style =
    Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
/// Safe, or right. Never green: green says go.
pub(crate) const SAFE: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Blue)));

/// `text` in a style; the stream drops it where colours are not wanted.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A line of data.
pub(crate) fn data(line: impl Display) {
    // A closed pipe means nobody reads any more; that is no reason to fail.
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// A line for people.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Text for people without a line break, for a question.
pub(crate) fn ask(text: impl Display) {
    let mut err = anstream::stderr();
    let _ = write!(err, "{text}");
    let _ = err.flush();
}

/// A value as JSON, on one line.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Stop> {
    data(serde_json::to_string(value).map_err(|error| Stop::failed(&error))?);
    Ok(())
}

/// Whether a person sits at both ends.
pub(crate) fn at_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Text that came from the gate; what it marks stands in angle brackets, reversed.
pub(crate) fn text(text: &api::Text) -> String {
    let reversed = Style::new().effects(Effects::INVERT);
    text.iter()
        .map(|piece| match piece.mark {
            true => styled(reversed, format!("<{}>", piece.text)),
            false => piece.text.clone(),
        })
        .collect()
}

/// Mark and word of a level.
pub(crate) fn level(level: api::RiskLevel) -> String {
    match level {
        api::RiskLevel::Dangerous => styled(DANGER, "[#] DANGEROUS"),
        api::RiskLevel::Risky => styled(RISKY, "[/] RISKY"),
        api::RiskLevel::Safe => styled(SAFE, "[ ] SAFE"),
    }
}

/// A time on this machine's clock.
pub(crate) fn time(micros: i64) -> String {
    let zoned = jiff::Timestamp::from_microsecond(micros)
        .map(|at| at.to_zoned_datetime(jiff::tz::TimeZone::system()));
    zoned.map_or_else(|_| "?".to_owned(), |at| at.strftime("%H:%M:%S").to_string())
}

/// Why the program ends other than well.
#[derive(Debug)]
pub(crate) struct Stop {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl Stop {
    /// With this exit code and message.
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// It failed; the causes follow the message.
    pub(crate) fn failed(error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self::new(1, message)
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Ends with another code.
    pub(crate) fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    pub(crate) fn tell(self) -> ExitCode {
        say(format!("{} {}", styled(DANGER, "error:"), self.message));
        if let Some(hint) = &self.hint {
            say(format!("{} {hint}", styled(BOLD, "hint:")));
        }
        ExitCode::from(self.code)
    }
}

impl From<holdshort_sdk::Error> for Stop {
    fn from(error: holdshort_sdk::Error) -> Self {
        use holdshort_sdk::api::Code;
        let stop = Stop::failed(&error);
        let code = match &error {
            error if error.is(Code::Stale) || error.is(Code::AlreadyDecided) => 3,
            _ => 1,
        };
        let stop = match (&error, error.hint()) {
            (_, Some(hint)) => stop.hint(hint),
            (holdshort_sdk::Error::Unreachable(_), None) => {
                stop.hint("start the server with `holdshort serve`")
            }
            _ => stop,
        };
        stop.code(code)
    }
}

impl From<holdshort_server::SetupError> for Stop {
    fn from(error: holdshort_server::SetupError) -> Self {
        Stop::failed(&error)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Stop::failed(&error)
    }
}
