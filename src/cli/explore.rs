//! What is asked of a store that is there already: no network, no secret.

use clap::{Args, ValueEnum, builder::RangedI64ValueParser, value_parser};

use super::{Output, run};
use crate::domain::{
    column::{Column, Sort},
    ids::RunId,
    near,
    view::List as Lists,
};

/// Which run is looked at.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct At {
    /// This run of the store, finished or not, instead of the newest finished one; see `tenantry list runs`
    #[arg(long, value_name = "N", value_parser = run)]
    pub run: Option<RunId>,
}

/// Tell all that is known of one object
#[derive(Debug, Args)]
pub struct Show {
    /// Its object ID, login name, mail address or whole name
    #[arg(value_name = "ID")]
    pub object: String,
    #[command(flatten)]
    pub at: At,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Members {
    /// The group's object ID, mail address or whole name; the account's for everything that it has
    #[arg(value_name = "GROUP")]
    pub group: String,
    /// Also members of groups in it, over any number of groups; each once, with how many edges away it is
    #[arg(long)]
    pub effective: bool,
    #[command(flatten)]
    pub rows: RowArgs,
}

#[derive(Debug, Args)]
pub struct Groups {
    /// The object ID, login name, mail address or whole name of what is in them
    #[arg(value_name = "ID")]
    pub object: String,
    /// Also groups of groups, over any number of them; each once, with how many edges away it is
    #[arg(long)]
    pub effective: bool,
    #[command(flatten)]
    pub rows: RowArgs,
}

#[derive(Debug, Args)]
pub struct Why {
    /// The object ID, login name, mail address or whole name of what is in the group
    #[arg(value_name = "USER")]
    pub object: String,
    /// The group's object ID, mail address or whole name
    #[arg(value_name = "GROUP")]
    pub group: String,
    /// List the ways one by one, the first hundred, instead of as one tree
    #[arg(long)]
    pub ways: bool,
    #[command(flatten)]
    pub at: At,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Tree {
    /// Its object ID, login name, mail address or whole name
    #[arg(value_name = "ID")]
    pub object: String,
    /// Only the groups that it is in, and those that they are in
    #[arg(long, conflicts_with = "down")]
    pub up: bool,
    /// Only its members, and theirs
    #[arg(long)]
    pub down: bool,
    /// How many edges away
    #[arg(long, value_name = "N", default_value_t = near::DEPTH, value_parser = depth())]
    pub depth: u32,
    /// As a tree of text, or for a program that draws
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "tree", conflicts_with = "json")]
    pub format: TreeFormat,
    /// At most so many objects, the nearest, groups first; what is left out is counted [default: 200; of DOT and GraphML 2000]
    #[arg(long, value_name = "N", value_parser = most())]
    pub limit: Option<u32>,
    #[command(flatten)]
    pub at: At,
    #[command(flatten)]
    pub output: Output,
}

fn depth() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=i64::from(near::DEEPEST))
}

fn most() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=i64::from(near::MOST))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TreeFormat {
    /// Text that can be pasted into a ticket
    Tree,
    /// For Markdown and wikis
    Mermaid,
    /// For Graphviz
    Dot,
    /// For yEd, Gephi and others
    Graphml,
}

#[derive(Debug, Args)]
pub struct Diff {
    /// Two runs; without them the last two finished ones, with one of them that and the newest finished one
    #[arg(value_name = "RUN", num_args = 0..=2, value_parser = run)]
    pub runs: Vec<RunId>,
    /// Only what this leaves: words, and fields such as change:came, type:group or name:^sales
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub filter: String,
    /// Only objects, or only memberships
    #[arg(long, value_enum, value_name = "WHAT")]
    pub only: Option<DiffOnly>,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// As CSV, with cells that a spreadsheet would run disarmed
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffOnly {
    Objects,
    Memberships,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Requests {
    /// The log of this run's collection, instead of the newest log
    #[arg(long, value_name = "N", value_parser = run)]
    pub run: Option<RunId>,
    /// The log of this name; see --logs
    #[arg(long, value_name = "NAME", conflicts_with = "run")]
    pub log: Option<String>,
    /// Only what this leaves: words, and fields such as status:429, path:members, ms:>1000, units:>10, retries:>0
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub filter: String,
    /// At most so many, the newest
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// As a text for whoever is asked for help: ids of requests, headers, what batches held
    #[arg(long, conflicts_with = "json")]
    pub support: bool,
    /// With names, addresses and ids of people and things replaced, the same by the same
    #[arg(long, requires = "support")]
    pub pseudonyms: bool,
    /// As commands that send them again, with $TOKEN in the place of the token
    #[arg(long, conflicts_with_all = ["support", "json"])]
    pub curl: bool,
    /// List the logs that are kept
    #[arg(long, conflicts_with_all = ["run", "log", "filter", "limit", "support", "curl"])]
    pub logs: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct List {
    /// What to list
    #[arg(value_enum)]
    pub what: Listed,
    #[command(flatten)]
    pub rows: RowArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    Accounts,
    Users,
    Groups,
    /// What is in groups and is neither user nor group: contacts, devices, service principals
    Members,
    Edges,
    Runs,
    /// Everything incomplete, refused or degraded
    Problems,
}

impl Listed {
    /// The list of objects or edges that it is; runs and problems are none.
    pub const fn rows(self) -> Option<Lists> {
        match self {
            Self::Accounts => Some(Lists::Accounts),
            Self::Users => Some(Lists::Users),
            Self::Groups => Some(Lists::Groups),
            Self::Members => Some(Lists::Members),
            Self::Edges => Some(Lists::Edges),
            Self::Runs | Self::Problems => None,
        }
    }
}

/// Which rows and columns of a list, and as what.
#[derive(Debug, Clone, Default, Args)]
pub struct RowArgs {
    /// Only what this leaves: words, and fields such as type:guest, members:>500, in:cycle or mail:none
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub filter: String,
    /// By these columns, the first counts most; a minus for the largest or latest first, as in -members,name
    #[arg(long, value_name = "COLUMNS", value_parser = sort, value_delimiter = ',', allow_hyphen_values = true)]
    pub sort: Vec<Sort>,
    /// These columns: name, login, mail, id, kind, enabled, dept, title, company, country, created, synced, members,
    /// groups, state, visibility, role, from, edge, depth
    #[arg(long, value_name = "COLUMNS", value_parser = column, value_delimiter = ',')]
    pub columns: Vec<Column>,
    /// At most so many rows
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// As CSV, with cells that a spreadsheet would run disarmed
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub at: At,
}

fn column(text: &str) -> Result<Column, String> {
    Column::of_word(text.trim()).ok_or_else(|| {
        let known: Vec<&str> = Column::ALL.into_iter().map(Column::word).collect();
        format!("there is no such column; there are {}", known.join(", "))
    })
}

pub(super) fn sort(text: &str) -> Result<Sort, String> {
    let text = text.trim();
    let (descending, word) = match text.strip_prefix('-') {
        Some(word) => (true, word),
        None => (false, text),
    };
    Ok(Sort { column: column(word)?, descending })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn orders_and_columns_have_words() {
        type Rows<'a> = (&'a [(Column, bool)], &'a [Column]);
        let check = |args: &[&str], want: Option<Rows<'_>>| {
            let all = ["tenantry", "list", "groups"].iter().chain(args);
            let got = Cli::try_parse_from(all).ok().map(|cli| match cli.command {
                Some(Command::List(args)) => {
                    let sort: Vec<_> = args.rows.sort.iter().map(|sort| (sort.column, sort.descending)).collect();
                    (sort, args.rows.columns)
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(got, want.map(|(sort, columns)| (sort.to_vec(), columns.to_vec())), "{args:?}");
        };
        check(&[], Some((&[], &[])));
        check(&["--sort", "-members,name"], Some((&[(Column::Members, true), (Column::Name, false)], &[])));
        check(&["--columns", "id,dept", "--csv"], Some((&[], &[Column::Id, Column::Department])));
        check(&["--columns", "shoe-size"], None);
        check(&["--sort", "--members"], None);
        check(&["--csv", "--json"], None);
        check(&["--filter", "!type:guest -x", "--limit", "5"], Some((&[], &[])));
        check(&["--filter", "-x"], Some((&[], &[])));
        check(&["--run", "0"], None);
    }

    #[test]
    fn a_tree_has_a_depth_and_a_limit() {
        let check = |args: &[&str], fits: bool| {
            let all = ["tenantry", "tree"].iter().chain(args);
            assert_eq!(Cli::try_parse_from(all).is_ok(), fits, "{args:?}");
        };
        check(&["Finance"], true);
        check(&["Finance", "--up", "--depth", "99", "--format", "graphml", "--limit", "50000"], true);
        check(&["Finance", "--down", "--json"], true);
        check(&[], false);
        check(&["Finance", "--up", "--down"], false);
        check(&["Finance", "--depth", "0"], false);
        check(&["Finance", "--limit", "0"], false);
        check(&["Finance", "--format", "svg"], false);
        check(&["Finance", "--format", "dot", "--json"], false);
    }

    #[test]
    fn runs_are_compared_in_pairs() {
        let check = |args: &[&str], fits: bool| {
            let all = ["tenantry", "diff"].iter().chain(args);
            assert_eq!(Cli::try_parse_from(all).is_ok(), fits, "{args:?}");
        };
        check(&[], true);
        check(&["1"], true);
        check(&["1", "2", "--only", "memberships", "--filter", "change:came", "--json"], true);
        check(&["1", "2", "3"], false);
        check(&["yesterday"], false);
    }
}
