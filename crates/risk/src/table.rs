//! Tools known by name, as data. A name in the table still has its arguments read.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::finding::Kind;
use crate::words::items;

/// Exact names, in snake case without the server's name.
const TOOLS: &[(Kind, &str)] = &[
    (
        Kind::Read,
        "read_file read view list_directory list_files ls glob grep search_files get_file_info \
     read_multiple_files directory_tree search_web web_search search todo_read \
     notebook_read bash_output read_text_file todo_write exit_plan_mode update_plan think",
    ),
    (
        Kind::Write,
        "write_file write edit edit_file create_file multi_edit notebook_edit \
     apply_patch str_replace_based_edit_tool str_replace_editor file_write file_edit \
     create_directory move_file restore_files run_command run_tests",
    ),
    (Kind::Fetch, "browser_navigate"),
    (Kind::Send, "send_email send_message post_message"),
    (Kind::Destroy, "delete_resource delete_file terminate_instances drop_table"),
    (Kind::Release, "deploy_to_production"),
    (Kind::Pay, "charge_payment transfer_money send_money issue_refund"),
    // A helper of the agent's own host, whose calls come through this gate as well.
    (Kind::Unknown, "task agent"),
    (Kind::Agent, "spawn_agent run_agent"),
];

/// The kind of a tool that stands in the table.
pub(crate) fn find(name: &str) -> Option<Kind> {
    static BY_NAME: LazyLock<HashMap<&'static str, Kind>> = LazyLock::new(|| {
        TOOLS.iter().flat_map(|(kind, names)| items(names).map(|name| (name, *kind))).collect()
    });
    BY_NAME.get(name).copied()
}
