//! Local time: what hour and what day it is in a place, and windows of it.

use std::fmt;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::time::Timestamp;

/// A time zone, by its name in the IANA database that is built in.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Zone {
    name: String,
    zone: TimeZone,
}

impl fmt::Debug for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Zone({})", self.name)
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }
}

/// What a clock on the wall says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wall {
    /// 1 is Monday.
    pub(super) weekday: i8,
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) year: i16,
    pub(super) month: i8,
    pub(super) day: i8,
}

impl Wall {
    /// Minutes since Monday 00:00.
    fn of_week(self) -> i32 {
        (i32::from(self.weekday) - 1) * DAY + i32::from(self.hour) * 60 + i32::from(self.minute)
    }
}

/// Minutes of a day.
const DAY: i32 = 24 * 60;

impl Zone {
    /// The zone of this name, such as `Europe/Berlin`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let zone = match name {
            "UTC" => TimeZone::UTC,
            other => jiff::tz::TimeZoneDatabase::bundled().get(other).ok()?,
        };
        Some(Self { name: name.to_owned(), zone })
    }

    /// The wall clock there. A time outside the calendar is its nearest end.
    pub(super) fn wall(&self, at: Timestamp) -> Wall {
        let bounds = (jiff::Timestamp::MIN.as_microsecond(), jiff::Timestamp::MAX.as_microsecond());
        let micros = at.as_micros().clamp(bounds.0, bounds.1);
        let instant = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
        let there = self.zone.to_datetime(instant);
        Wall {
            weekday: there.weekday().to_monday_one_offset(),
            hour: there.hour(),
            minute: there.minute(),
            year: there.year(),
            month: there.month(),
            day: there.day(),
        }
    }
}

/// A part of every week, such as `Mon-Fri 09:00-17:00` or `Fri 16:00 - Mon 08:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    text: String,
    zone: Zone,
    /// Minutes of the week, from and until; one that wraps around has `from > until`.
    spans: Vec<(i32, i32)>,
}

impl Window {
    /// Reads a window: days and hours of each (`Mon-Fri 09:00-17:00`), or one span from a day
    /// and hour to another (`Fri 16:00 - Mon 08:00`); a zone may follow.
    pub(super) fn parse(text: &str, default: &Zone) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (words, zone) = match words.split_last() {
            Some((last, rest)) if last.contains('/') || *last == "UTC" => {
                (rest.to_vec(), Zone::named(last)?)
            }
            _ => (words, default.clone()),
        };
        let spans = match words.as_slice() {
            [days, hours] => {
                let (from, until) = hours.split_once('-')?;
                daily(days, minutes(from)?, minutes(until)?)?
            }
            [from_day, from, "-", until_day, until] => {
                let from = (i32::from(day(from_day)?) - 1) * DAY + minutes(from)?;
                vec![(from, (i32::from(day(until_day)?) - 1) * DAY + minutes(until)?)]
            }
            _ => return None,
        };
        Some(Self { text: text.to_owned(), zone, spans })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether `at` is in it.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        let now = self.zone.wall(at).of_week();
        self.spans.iter().any(|(from, until)| match from <= until {
            true => (*from..*until).contains(&now),
            false => now >= *from || now < *until,
        })
    }
}

fn daily(days: &str, from: i32, until: i32) -> Option<Vec<(i32, i32)>> {
    let mut spans = Vec::new();
    for part in days.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let mut at = first;
        loop {
            let start = (i32::from(at) - 1) * DAY;
            // Hours that pass midnight end on the next day.
            let end = if until > from { start + until } else { start + DAY + until };
            spans.push((start + from, end % (7 * DAY)));
            if at == last {
                break;
            }
            at = at % 7 + 1;
        }
    }
    Some(spans)
}

fn day(name: &str) -> Option<i8> {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let at = names.iter().position(|short| name.eq_ignore_ascii_case(short))?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok().map(Weekday::to_monday_one_offset)
}

/// `09:30` as minutes; `24:00` is the end of a day.
fn minutes(text: &str) -> Option<i32> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| -> Option<i32> {
        (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let valid = (hour < 24 && minute < 60) || (hour == 24 && minute == 0);
    valid.then_some(hour * 60 + minute)
}

/// `90s`, `15m`, `2h`, `3d` as seconds.
pub(super) fn secs(text: &str) -> Option<u32> {
    let unit = text.chars().last()?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let number = text.strip_suffix(unit)?;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit());
    let secs = number.parse::<u32>().ok().filter(|_| plain)?.checked_mul(factor)?;
    (secs > 0 && secs <= 366 * 24 * 60 * 60).then_some(secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn windows_hold_within_their_hours_and_not_outside() {
        let utc = Zone::default();
        let holds = |window: &str, time: &str| Window::parse(window, &utc).unwrap().holds(at(time));
        assert!(holds("Mon-Fri 09:00-17:00", "2026-11-25T09:00:00Z"));
        assert!(!holds("Mon-Fri 09:00-17:00", "2026-11-25T17:00:00Z"));
        assert!(!holds("Mon-Fri 09:00-17:00", "2026-11-28T12:00:00Z"));
        assert!(holds("Mon-Fri 09:00-17:00 Asia/Tokyo", "2026-11-25T00:30:00Z"));
        assert!(holds("Sat,Sun 22:00-06:00", "2026-11-30T05:59:00Z"), "Sunday night");
        assert!(!holds("Sat,Sun 22:00-06:00", "2026-11-30T06:00:00Z"));
        assert!(holds("Fri 16:00 - Mon 08:00", "2026-11-29T12:00:00Z"));
        assert!(!holds("Fri 16:00 - Mon 08:00", "2026-11-26T12:00:00Z"));
        assert!(holds("Mon-Sun 00:00-24:00", "2026-11-25T23:59:00Z"));
        // 09:00 in Berlin is 07:00 UTC in summer and 08:00 in winter.
        assert!(holds("Mon-Fri 09:00-17:00 Europe/Berlin", "2026-07-01T07:30:00Z"));
        assert!(!holds("Mon-Fri 09:00-17:00 Europe/Berlin", "2026-12-01T07:30:00Z"));
        for bad in
            ["", "Mon", "Mon 9-17", "Mon 25:00-26:00", "Xyz 09:00-17:00", "Mon 09:00-17:00 A/B"]
        {
            assert_eq!(Window::parse(bad, &utc), None, "{bad}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(secs("90s"), Some(90));
        assert_eq!(secs("15m"), Some(900));
        assert_eq!(secs("2d"), Some(172_800));
        for bad in ["", "5", "m", "-1m", "0s", "1y", "400d", "99999999999h", "1.5h", "+1h"] {
            assert_eq!(secs(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_ends_of_time_are_a_time() {
        let zone = Zone::default();
        assert_eq!(zone.wall(Timestamp::from_micros(i64::MAX)).year, 9999);
        assert_eq!(zone.wall(Timestamp::from_micros(i64::MIN)).year, -9999);
    }
}
