//! The directory, on any backend: people, groups, tokens, keys, one-time codes, settings.

use holdshort_core::{PrincipalId, Timestamp};
use holdshort_store::{
    Change, Enrolment, Group, Key, Principal, PrincipalKind, Store, StoreError, Token,
};

use crate::desk::{AGENT, DANA, OTHER_WORKSPACE, WORKSPACE, cause, start};

fn principal(id: PrincipalId, kind: PrincipalKind, name: &str) -> Principal {
    let owner = (kind == PrincipalKind::Agent).then_some(DANA);
    let created_at = start().plus_secs(u32::from(id.as_bytes()[0]));
    Principal { id, kind, name: name.to_owned(), owner, created_at, disabled_at: None }
}

fn token(number: u8, principal: PrincipalId, session: bool) -> Token {
    Token {
        hash: [number; 32],
        id: format!("tok_{number}"),
        principal,
        scopes: "propose claim".to_owned(),
        session,
        created_at: start().plus_secs(u32::from(number)),
        expires_at: Some(start().plus_secs(1000)),
        revoked_at: None,
    }
}

fn key(number: u8, principal: PrincipalId) -> Key {
    Key {
        id: format!("key_{number}"),
        principal,
        surface: "browser".to_owned(),
        origin: "http://127.0.0.1:4127".to_owned(),
        public: [number; 32],
        salt: vec![1, 2, 3],
        created_at: start().plus_secs(u32::from(number)),
        revoked_at: None,
    }
}

async fn change<S: Store>(store: &S, changes: Vec<Change>) -> Result<(), StoreError> {
    store.change(WORKSPACE, changes, cause()).await
}

async fn two<S: Store>(store: &S) {
    let dana = Change::AddPrincipal(principal(DANA, PrincipalKind::Person, "dana"));
    let agent = Change::AddPrincipal(principal(AGENT, PrincipalKind::Agent, "cleaner"));
    change(store, vec![dana, agent]).await.unwrap();
}

/// Names are unique within their kind; all changes of one call are made, or none.
pub(crate) async fn principals_and_groups<S: Store>(store: &S) {
    two(store).await;
    let found = store.principal(WORKSPACE, AGENT).unwrap().unwrap();
    assert_eq!((found.kind, found.name.as_str()), (PrincipalKind::Agent, "cleaner"));
    assert_eq!((found.owner, found.disabled_at), (Some(DANA), None));
    let names = |store: &S| -> Vec<String> {
        store.principals(WORKSPACE).unwrap().into_iter().map(|one| one.name).collect()
    };
    assert_eq!(names(store), ["dana", "cleaner"]);
    assert!(store.principal(OTHER_WORKSPACE, AGENT).unwrap().is_none());

    let id = PrincipalId::from_bytes([30; 16]);
    let twin = Change::AddPrincipal(principal(id, PrincipalKind::Agent, "cleaner"));
    let setting = Change::Set("mode".to_owned(), "team".to_owned());
    let refused = change(store, vec![setting, twin]).await;
    assert!(matches!(refused, Err(StoreError::Taken)));
    assert_eq!(store.setting(WORKSPACE, "mode").unwrap(), None, "none of them");
    let namesake = Change::AddPrincipal(principal(id, PrincipalKind::Machine, "cleaner"));
    change(store, vec![namesake]).await.unwrap();

    let group = |name: &str| Change::AddGroup(name.to_owned());
    let member = |name: &str, id| Change::AddMember(name.to_owned(), id);
    change(store, vec![group("b"), group("approvers")]).await.unwrap();
    assert!(matches!(change(store, vec![group("b")]).await, Err(StoreError::Taken)));
    change(store, vec![member("approvers", DANA), member("approvers", DANA)]).await.unwrap();
    assert!(matches!(change(store, vec![member("c", DANA)]).await, Err(StoreError::NotFound)));
    let groups = |store: &S| -> Vec<(String, Vec<PrincipalId>)> {
        let pair = |group: Group| (group.name, group.members);
        store.groups(WORKSPACE).unwrap().into_iter().map(pair).collect()
    };
    assert_eq!(groups(store), [("approvers".to_owned(), vec![DANA]), ("b".to_owned(), Vec::new())]);
    change(store, vec![Change::RemoveMember("approvers".to_owned(), DANA)]).await.unwrap();
    assert!(groups(store).iter().all(|(_, members)| members.is_empty()));
}

/// Whoever is switched off has no token, session or key left.
pub(crate) async fn switching_off<S: Store>(store: &S) {
    two(store).await;
    let add = vec![
        Change::AddToken(token(1, DANA, false)),
        Change::AddToken(token(2, DANA, true)),
        Change::AddToken(token(3, AGENT, false)),
        Change::AddKey(key(1, DANA)),
        Change::AddKey(key(2, AGENT)),
    ];
    change(store, add).await.unwrap();
    let ids: Vec<String> =
        store.tokens(WORKSPACE).unwrap().into_iter().map(|token| token.id).collect();
    assert_eq!(ids, ["tok_3", "tok_1"], "newest first, without sessions");
    let found = store.token(WORKSPACE, [2; 32]).unwrap().unwrap();
    assert_eq!((found.session, found.principal), (true, DANA));
    assert_eq!(found.expires_at, Some(start().plus_secs(1000)));
    assert!(store.token(OTHER_WORKSPACE, [2; 32]).unwrap().is_none());
    assert_eq!(store.key(WORKSPACE, "key_1").unwrap().unwrap().salt, [1, 2, 3]);
    assert_eq!(store.keys(WORKSPACE).unwrap().len(), 2);

    let at = start().plus_secs(50);
    change(store, vec![Change::Disable(DANA, at)]).await.unwrap();
    let revoked = |number| store.token(WORKSPACE, [number; 32]).unwrap().unwrap().revoked_at;
    assert_eq!([revoked(1), revoked(2), revoked(3)], [Some(at), Some(at), None]);
    assert_eq!(store.key(WORKSPACE, "key_1").unwrap().unwrap().revoked_at, Some(at));
    assert_eq!(store.key(WORKSPACE, "key_2").unwrap().unwrap().revoked_at, None);
    let found = store.principal(WORKSPACE, DANA).unwrap().unwrap();
    assert_eq!(found.disabled_at, Some(at));
    let later = at.plus_secs(1);
    change(store, vec![Change::Disable(DANA, later)]).await.unwrap();
    change(store, vec![Change::RevokeToken("tok_1".to_owned(), later)]).await.unwrap();
    assert_eq!(revoked(1), Some(at), "the first time stands");
    let nobody = PrincipalId::from_bytes([99; 16]);
    for missing in [Change::Disable(nobody, at), Change::RevokeToken("tok_9".to_owned(), at)] {
        assert!(matches!(change(store, vec![missing]).await, Err(StoreError::NotFound)));
    }
}

/// A code works once, until its time is over.
pub(crate) async fn enrolling<S: Store>(store: &S) {
    two(store).await;
    let expires_at = start().plus_secs(600);
    let code = |number: u8| Enrolment { hash: [number; 32], principal: DANA, expires_at };
    let add = vec![Change::AddEnrolment(code(1)), Change::AddEnrolment(code(2))];
    change(store, add).await.unwrap();
    let found = store.enrolment(WORKSPACE, [1; 32]).unwrap().unwrap();
    assert_eq!((found.principal, found.expires_at), (DANA, expires_at));
    let just_before = Timestamp::from_micros(expires_at.as_micros() - 1);
    let enrol = |number: u8, at| {
        let new = Key { id: format!("key_{number}{}", at == just_before), ..key(number, DANA) };
        vec![Change::UseEnrolment([number; 32], at), Change::AddKey(new)]
    };
    change(store, enrol(1, just_before)).await.unwrap();
    assert!(store.enrolment(WORKSPACE, [1; 32]).unwrap().is_none());
    for (number, at) in [(1, just_before), (2, expires_at), (3, start())] {
        let refused = change(store, enrol(number, at)).await;
        assert!(matches!(refused, Err(StoreError::CodeSpent)), "{number}");
    }
    assert_eq!(store.keys(WORKSPACE).unwrap().len(), 1, "no key without a code");
}

/// The last value stands, in its own workspace.
pub(crate) async fn settings<S: Store>(store: &S) {
    let set = |value: &str| vec![Change::Set("mode".to_owned(), value.to_owned())];
    change(store, set("personal")).await.unwrap();
    change(store, set("team")).await.unwrap();
    assert_eq!(store.setting(WORKSPACE, "mode").unwrap().as_deref(), Some("team"));
    assert_eq!(store.setting(WORKSPACE, "other").unwrap(), None);
    assert_eq!(store.setting(OTHER_WORKSPACE, "mode").unwrap(), None);
}
