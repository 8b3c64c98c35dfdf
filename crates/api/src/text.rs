//! Text that is safe to show: written by Holdshort, or by others and made visible.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Text in display form, as a list of pieces to put side by side.
///
/// A surface writes `text` as a text node and draws pieces with `mark` as a boxed chip; it needs
/// no escaping rules of its own. Joining the pieces of two different values never gives the same
/// picture, because a chip cannot be typed.
pub type Text = Vec<Piece>;

/// One piece of a [`Text`].
///
/// ```
/// let piece: holdshort_api::Piece = serde_json::from_str(r#"{"text":"U+200B","mark":true}"#)?;
/// assert!(piece.mark);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Piece {
    /// The characters to show.
    pub text: String,
    /// `true` when this names something that cannot be shown itself (an invisible character, a
    /// run of blanks, the middle of a long value) and so is drawn as a chip.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mark: bool,
}
