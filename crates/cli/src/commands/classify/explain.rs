//! Explains an assessment to a person: level, axes, evidence, and the part it rests on.

use holdshort_core::notice::Mask;
use holdshort_core::{
    ArgumentSpan, Assessment, Json, Money, Outside, Place, Reach, RiskLevel, Untrusted, WayBack,
};

use unicode_width::UnicodeWidthStr;

use crate::output::{BOLD, DANGER, DIM, RISKY, SAFE, data, styled};

/// More lines of an argument are not shown.
const LINES_MAX: usize = 12;

/// Prints the explanation.
pub(super) fn print(arguments: &Json, made: &Assessment) {
    let mask = Mask::of(arguments, &made.secrets);
    let level = match made.level {
        RiskLevel::Dangerous => styled(DANGER, "dangerous"),
        RiskLevel::Risky => styled(RISKY, "risky"),
        RiskLevel::Safe => styled(SAFE, "safe"),
    };
    data(format!("{level}  {}", styled(BOLD, mask.phrase(&made.sentence).to_plain())));
    data(styled(DIM, format!("  {}", axes(made))));
    let places: Vec<&ArgumentSpan> = made
        .evidence
        .iter()
        .filter(|one| one.level == made.level && one.level > RiskLevel::Safe)
        .filter_map(|one| one.at.as_ref())
        .collect();
    show_argument(arguments, &places, &mask);
    for one in &made.evidence {
        let mark = if one.level == made.level { "*" } else { " " };
        let text = mask.phrase(&one.text).to_plain();
        data(format!("{mark} {:<11} {text}", one.source.name()));
    }
    for note in &made.notes {
        data(format!("  note        {}", mask.phrase(note).to_plain()));
    }
    for way in &made.safer {
        let title = mask.phrase(&way.title).to_plain();
        let arguments = mask.text(&way.arguments, Place::Code).to_plain();
        let becomes = super::name(way.becomes);
        data(format!("  safer       {title}, then {becomes}: {arguments}"));
    }
}

fn axes(made: &Assessment) -> String {
    let back = match made.way_back {
        WayBack::Yes => "can be taken back",
        WayBack::WithEffort => "can be taken back with effort",
        WayBack::No => "cannot be taken back",
        WayBack::NotKnown => "not known whether it can be taken back",
    };
    let reach = match made.reach {
        Reach::None => "changes nothing",
        Reach::Local => "reaches the workspace",
        Reach::Service => "reaches one service",
        Reach::Organization => "reaches the organization",
        Reach::NotKnown => "not known how far it reaches",
    };
    let outside = match made.outside {
        Outside::No => "not felt outside",
        Outside::Yes => "felt outside",
        Outside::NotKnown => "not known whether it is felt outside",
    };
    let money = match &made.money {
        Money::None => String::new(),
        Money::Amount { amount, currency } => {
            let shown = |text: &Untrusted| text.render(Place::Name).to_plain();
            format!(" · moves {} {}", shown(amount), shown(currency))
        }
        Money::NotKnown => " · not known whether money moves".to_owned(),
    };
    format!("{back} · {reach} · {outside}{money}")
}

/// The argument the reasons rest on, with those parts underlined.
fn show_argument(arguments: &Json, places: &[&ArgumentSpan], mask: &Mask) {
    let Some(first) = places.first() else { return };
    let strings = arguments.strings();
    let Some((_, text)) = strings.iter().find(|(path, _)| *path == first.path.raw()) else {
        return;
    };
    let spans: Vec<(usize, usize)> = places
        .iter()
        .filter(|place| place.path.raw() == first.path.raw())
        .map(|place| (place.start, place.end))
        .collect();
    let mut at = 0;
    for line in text.split('\n').take(LINES_MAX) {
        let end = at + line.len();
        let inside = |from: usize| spans.iter().any(|(start, end)| *start <= from && from < *end);
        let mut cuts: Vec<usize> = spans.iter().flat_map(|(start, end)| [*start, *end]).collect();
        cuts.extend([at, end]);
        cuts.retain(|cut| (at..=end).contains(cut));
        cuts.sort_unstable();
        cuts.dedup();
        let (mut shown, mut marks) = (String::new(), String::new());
        for pair in cuts.windows(2) {
            let [from, to] = pair else { continue };
            let part = Untrusted::new(text.get(*from..*to).unwrap_or_default());
            let part = mask.text(&part, Place::Name).to_plain();
            let mark = if inside(*from) { "^" } else { " " };
            marks.push_str(&mark.repeat(part.width()));
            shown.push_str(&if inside(*from) { styled(BOLD, part) } else { part });
        }
        data(format!("  | {shown}"));
        if marks.contains('^') {
            data(styled(DIM, format!("  | {}", marks.trim_end())));
        }
        at = end + 1;
    }
}
