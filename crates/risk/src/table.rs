//! Tools known by name, as data. A name in the table still has its arguments read.

use crate::finding::Kind;
use crate::words::listed;

/// Exact names, in snake case without the server's name.
const TOOLS: &[(Kind, &str)] = &[
    (
        Kind::Read,
        "read_file read view list_directory list_files ls glob grep search_files get_file_info \
     read_multiple_files directory_tree search_web web_search search todo_read \
     notebook_read bash_output read_text_file",
    ),
    (
        Kind::Write,
        "write_file write edit edit_file create_file multi_edit notebook_edit todo_write \
     apply_patch str_replace_based_edit_tool str_replace_editor file_write file_edit \
     create_directory move_file run_command run_tests",
    ),
    (Kind::Fetch, "web_fetch webfetch fetch fetch_url get_webpage browser_navigate"),
    (Kind::Send, "send_email send_message post_message"),
    (Kind::Destroy, "delete_resource delete_file terminate_instances drop_table"),
    (Kind::Release, "deploy_to_production"),
    (Kind::Pay, "charge_payment transfer_money send_money issue_refund"),
    (Kind::Agent, "task spawn_agent run_agent"),
];

/// The kind of a tool that stands in the table.
pub(crate) fn find(name: &str) -> Option<Kind> {
    TOOLS.iter().find(|(_, names)| listed(names, name)).map(|(kind, _)| *kind)
}
