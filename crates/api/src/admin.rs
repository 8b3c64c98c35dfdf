//! People, groups, tokens and how a person proves that it is them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of caller one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// A human being.
    Person,
    /// A program that proposes.
    Agent,
    /// A program that may decide (scope `decide:api`). Shown as a machine.
    Machine,
}

/// Who may approve what whose agent asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One human, who may approve what their own agents ask.
    Personal,
    /// Several: nobody approves what their own agent asks.
    Team,
}

/// Where a key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// In a browser, not extractable, for one origin.
    Browser,
    /// Derived from a passphrase typed in a terminal, held in memory only.
    Terminal,
}

/// Who the caller is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Id, `usr_…`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Kind of caller.
    pub kind: Principal,
    /// What the token or session allows.
    pub scopes: Vec<String>,
    /// Name of the workspace.
    pub workspace: String,
    /// Mode of the workspace.
    pub mode: Mode,
    /// Server time.
    pub now_at: i64,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Id, `usr_…`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
    /// Surfaces with a key.
    pub surfaces: Vec<Surface>,
    /// Whether they may act.
    pub disabled: bool,
    /// When they were added.
    pub created_at: i64,
}

/// Add a person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitePerson {
    /// Name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Needed when this adds the second person: the mode from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
}

/// A person was added.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonInvited {
    /// The person.
    pub person: Person,
    /// How they sign in.
    pub enrolment: Enrolment,
}

/// A one-time code to enrol a browser or a terminal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Enrolment {
    /// The code. Works once.
    pub code: String,
    /// The page to open; the code stands behind `#` and never reaches a log.
    pub link: String,
    /// Until when it works.
    pub expires_at: i64,
}

/// Use a one-time code.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redeem {
    /// The code.
    #[schema(min_length = 1, max_length = 100)]
    pub code: String,
    /// Public key, Ed25519, base64url without padding.
    #[schema(min_length = 43, max_length = 43)]
    pub public_key: String,
    /// Where the private key lives.
    pub surface: Surface,
    /// For a terminal: the salt the key was derived with, base64url without padding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub salt: Option<String>,
}

/// A key was enrolled. For a browser, a session cookie comes with this answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Redeemed {
    /// Id of the key, to send as `Holdshort-Key`.
    pub key_id: String,
    /// Who it belongs to.
    pub me: Me,
    /// For a terminal: a token that reads and never decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading_token: Option<String>,
}

/// A person's terminal key: what is needed to derive it again from the passphrase.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TerminalKey {
    /// Id of the key.
    pub key_id: String,
    /// Public key, base64url.
    pub public_key: String,
    /// Salt, base64url.
    pub salt: String,
}

/// A group of people.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Names of the members.
    pub members: Vec<String>,
}

/// Make a group.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGroup {
    /// Name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// A member to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Name of the person.
    #[schema(min_length = 1, max_length = 100)]
    pub person: String,
}

/// A token, without its secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Id, `tok_…`.
    pub id: String,
    /// Whose.
    pub name: String,
    /// Kind of caller.
    pub kind: Principal,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
}

/// Make a token for an agent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// Name of the agent.
    #[schema(min_length = 1, max_length = 100)]
    pub agent: String,
}

/// A new token; the secret is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The token.
    pub token: Token,
    /// The secret to send as `Authorization: Bearer …`.
    pub secret: String,
}

/// Settings of the workspace.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// Name of the workspace.
    pub workspace: String,
    /// Mode.
    pub mode: Mode,
    /// Only members of this group may decide; absent: every person may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<String>,
}

/// Change settings; what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSettings {
    /// Name of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub workspace: Option<String>,
    /// Mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Group whose members may decide. An empty group is nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub approvers: Option<String>,
}

/// Ask the server to prove that it is the enrolled one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Random text, 16 to 64 characters.
    #[schema(min_length = 16, max_length = 64)]
    pub nonce: String,
}

/// The proof: a signature over `holdshort-hello-v1\n{nonce}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HelloReply {
    /// The server's public key, Ed25519, base64url.
    pub server_key: String,
    /// The signature, base64url.
    pub signature: String,
    /// Version of the server.
    pub version: String,
}
