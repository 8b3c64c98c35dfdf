//! Bugs planted on purpose, for the simulation to find. Without the feature `sim` none of them is
//! compiled: [`is`] is then always `false`.

#[cfg(all(feature = "sim", not(debug_assertions)))]
compile_error!("the feature `sim` plants bugs: it is built with debug assertions, never shipped");

/// A bug, and what it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A request whose last step is over counts as approved.
    ApproveOnTimeout,
    /// The agent's own expiry is not looked at.
    SkipExpiry,
    /// An approval is good for ever.
    StaleApproval,
    /// What began and was never reported may be claimed again.
    RunUnknownAgain,
    /// An unknown outcome is shown to nobody.
    UnknownUnseen,
    /// A second executor gets the claim as well.
    ClaimTwice,
    /// A vote counts for whatever request it is sent to.
    IgnoreBinding,
    /// Votes count of people who were switched off or left the group meanwhile.
    CountDisabledVoter,
    /// One person is enough, whatever the rule says.
    QuorumOfOne,
    /// One person fills two seats.
    VoteTwice,
    /// In a team, people approve what their own agents ask.
    ApproveOwn,
    /// A group without members is everybody.
    EmptyGroupIsEverybody,
    /// An approval that comes after the end counts.
    LateApprovalCounts,
    /// A denial is written down and nothing else.
    DenialIgnored,
    /// What was denied in a run may be asked again at once.
    DenialForgotten,
    /// A stop stops nothing.
    StopForgotten,
    /// What was claimed before a stop may begin after it.
    StartWhileStopped,
    /// A run goes on while a person is asked about it.
    HoldsForgotten,
    /// A change is approved, and the first call runs.
    ModifyRunsOriginal,
    /// Policy is not read again at the claim.
    PolicyNotReadAgain,
    /// A grant covers every call of its agent.
    GrantCoversAll,
    /// A grant that was taken back still lets through.
    GrantRevokedCounts,
    /// Uses of a grant are not counted.
    RedeemUncounted,
    /// A row is written whatever happened to it since it was read.
    LastWriteWins,
    /// A stop, or a change of the directory, between reading and writing is not noticed.
    ForgetControl,
    /// A claim leaves no event.
    EventLost,
    /// No timer is set.
    WakeLost,
    /// A record is left out of its seal.
    SealSkips,
    /// Facts that changed since the approval are not looked at.
    FactsNotCompared,
    /// Pins are not looked at.
    PinsNotCompared,
    /// What an agent wants to take back is taken back when policy allows the call.
    AgentUndoes,
    /// What was taken back may be taken back once more.
    UndoTwice,
    /// Nobody is woken by what is decided.
    WakeForgotten,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 33] = [
        Bug::ApproveOnTimeout,
        Bug::SkipExpiry,
        Bug::StaleApproval,
        Bug::RunUnknownAgain,
        Bug::UnknownUnseen,
        Bug::ClaimTwice,
        Bug::IgnoreBinding,
        Bug::CountDisabledVoter,
        Bug::QuorumOfOne,
        Bug::VoteTwice,
        Bug::ApproveOwn,
        Bug::EmptyGroupIsEverybody,
        Bug::LateApprovalCounts,
        Bug::DenialIgnored,
        Bug::DenialForgotten,
        Bug::StopForgotten,
        Bug::StartWhileStopped,
        Bug::HoldsForgotten,
        Bug::ModifyRunsOriginal,
        Bug::PolicyNotReadAgain,
        Bug::GrantCoversAll,
        Bug::GrantRevokedCounts,
        Bug::RedeemUncounted,
        Bug::LastWriteWins,
        Bug::ForgetControl,
        Bug::EventLost,
        Bug::WakeLost,
        Bug::SealSkips,
        Bug::FactsNotCompared,
        Bug::PinsNotCompared,
        Bug::AgentUndoes,
        Bug::UndoTwice,
        Bug::WakeForgotten,
    ];
}

#[cfg(feature = "sim")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug in this thread, or none.
#[cfg(feature = "sim")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether this bug is planted in this thread.
#[cfg(feature = "sim")]
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Whether this bug is planted: never.
#[cfg(not(feature = "sim"))]
#[must_use]
pub const fn is(_bug: Bug) -> bool {
    false
}
