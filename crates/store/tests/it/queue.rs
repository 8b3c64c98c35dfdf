//! The queue, on any backend: its order, and pages while rows come and go.

use std::collections::BTreeSet;

use holdshort_core::{Command, Request, RequestId, RiskLevel, Untrusted};
use holdshort_store::{QueueCursor, QueueRow, Store};

use crate::desk::{AGENT, Desk, Proposal, WORKSPACE, judged, run};

const LEVELS: [RiskLevel; 3] = [RiskLevel::Dangerous, RiskLevel::Risky, RiskLevel::Safe];

fn rank(request: &Request) -> i64 {
    LEVELS.iter().position(|level| *level == request.level).unwrap() as i64
}

fn place(request: &Request) -> (i64, i64, RequestId) {
    (rank(request), request.due_at.as_micros(), request.id)
}

fn after(row: &QueueRow) -> QueueCursor {
    let (rank, at, id) = place(&row.request);
    QueueCursor { rank, at, id }
}

/// Riskiest first, then least time left.
pub(crate) async fn riskiest_first<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    for (number, level) in [(1, 2), (2, 0), (3, 1), (4, 0), (5, 2)] {
        desk.now = desk.now.plus_secs(1);
        let proposal = Proposal::new(run(1, AGENT), judged(LEVELS[level], number));
        desk.propose(&proposal).await.unwrap();
    }
    let rows = store.open_requests(WORKSPACE, None, 10).unwrap();
    let numbers: Vec<u64> = rows.iter().map(|row| row.request.number).collect();
    assert_eq!(numbers, [2, 4, 3, 1, 5]);
    assert!(rows.iter().all(|row| row.agent == AGENT));
    assert_eq!(rows[0].payload.call.arguments.raw(), "{\"first\":2}");
    assert_eq!(store.open_requests(WORKSPACE, None, 2).unwrap().len(), 2);
}

/// Pages of the open queue hold every row that stays open, once, while others come and go.
pub(crate) async fn pages_without_gaps<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let mut number = 0;
    let mut there = BTreeSet::new();
    while there.len() < 250 {
        number += 1;
        // Many share a due time, so the id has to tell them apart.
        desk.now = crate::desk::start().plus_secs(u32::try_from(number % 7).unwrap());
        let level = LEVELS[usize::try_from(number % 3).unwrap()];
        let proposal = Proposal::new(run(1, AGENT), judged(level, number));
        let id = desk.propose(&proposal).await.unwrap();
        there.insert(desk.load(id).request.unwrap().id);
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.open_requests(WORKSPACE, cursor, 17).unwrap();
        let Some(last) = page.last() else { break };
        cursor = Some(after(last));
        seen.extend(page.into_iter().map(|row| row.request));
        // One comes in front of the cursor or behind it, and one that was seen goes.
        number += 1;
        let level = LEVELS[usize::try_from(number % 3).unwrap()];
        let proposal = Proposal::new(run(1, AGENT), judged(level, number));
        desk.propose(&proposal).await.unwrap();
        let action = seen[seen.len() / 2].action;
        let cancel = Command::Cancel { agent: AGENT, reason: Untrusted::default() };
        desk.apply(action, cancel).await;
    }
    assert!(seen.is_sorted_by(|a, b| place(a) < place(b)), "in order, none twice");
    let ids: BTreeSet<RequestId> = seen.iter().map(|request| request.id).collect();
    assert!(there.is_subset(&ids), "{} missing", there.difference(&ids).count());
    let open = store.open_count(WORKSPACE).unwrap();
    assert_eq!(store.open_requests(WORKSPACE, None, 1000).unwrap().len() as u64, open);
}

/// What was answered last comes first.
pub(crate) async fn closed_newest_first<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let mut ids = Vec::new();
    for number in 1..=6 {
        ids.push(desk.ask(number).await);
    }
    for (wait, index) in [(1, 2), (2, 0), (0, 5), (3, 1), (0, 4)] {
        desk.now = desk.now.plus_secs(wait);
        if index % 2 == 0 { desk.deny(ids[index]).await } else { desk.approve(ids[index]).await }
    }
    let all = store.closed_requests(WORKSPACE, None, 10).unwrap();
    let closed = |row: &QueueRow| (row.request.closed_at, row.request.id);
    assert!(all.is_sorted_by(|a, b| closed(a) > closed(b)));
    let numbers: BTreeSet<u64> = all.iter().map(|row| row.request.number).collect();
    assert_eq!(numbers, BTreeSet::from([1, 2, 3, 5, 6]));
    assert_eq!(all[4].request.number, 3, "answered first");
    let mut paged = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.closed_requests(WORKSPACE, cursor, 2).unwrap();
        let Some(last) = page.last() else { break };
        let at = last.request.closed_at.unwrap().as_micros();
        cursor = Some(QueueCursor { rank: 0, at, id: last.request.id });
        paged.extend(page.into_iter().map(|row| row.request.id));
    }
    let ids: Vec<RequestId> = all.iter().map(|row| row.request.id).collect();
    assert_eq!(paged, ids);
}
