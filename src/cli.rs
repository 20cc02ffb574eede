//! The command line: clap types only. What the words mean is decided in [`crate::headless`] and [`crate::profile`].

mod explore;
mod profile;
mod script;

use std::path::PathBuf;

pub use explore::{At, Diff, DiffOnly, Groups, List, Listed, Members, Requests, RowArgs, Show, Tree, TreeFormat, Why};
pub use profile::{CertificateArgs, Member, Profile, ProfileEdit, ProfileSays};
pub use script::{About, Script, ScriptShell};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::TypedValueParser as _};

use crate::domain::{
    cloud::Cloud,
    column::{Column, Sort},
    explore::Again,
    finding::parse_again,
    ids::RunId,
    limit::MaxDeletions,
    naming::Naming,
    origin::Origin,
    reading::{Age, GroupPick},
};

/// From a Microsoft 365 tenant to JupiterOne: onboard, ingest, browse, preview, upload.
///
/// Without a command: the terminal UI.
#[derive(Debug, Parser)]
#[command(name = "tenantry", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub screen: Screen,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Who, where and through what. Each comes from its flag, else from the profile, else from the environment.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// The profile to use
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// The store's file, instead of the tenant's own in the data directory
    #[arg(long, global = true, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// Directory (tenant) ID, or a verified domain of the tenant [env: AZURE_TENANT_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub tenant_id: Option<String>,
    /// Application (client) ID of the app registration [env: AZURE_CLIENT_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub client_id: Option<String>,
    /// The cloud in which the tenant lives: global, usgov, dod or china
    #[arg(long, global = true, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// Origin of the login service
    #[arg(long, global = true, value_name = "URL")]
    pub login_url: Option<Origin>,
    /// Origin of Microsoft Graph
    #[arg(long, global = true, value_name = "URL")]
    pub graph_url: Option<Origin>,
    /// Origin of JupiterOne's API
    #[arg(long, global = true, value_name = "URL")]
    pub jupiterone_url: Option<Origin>,
    /// Proxy for everything but loopback, as http://host:port
    #[arg(long, global = true, value_name = "URL")]
    pub proxy: Option<String>,
    /// Certificate authorities to trust beside the system's
    #[arg(long, global = true, value_name = "PEM")]
    pub ca_file: Option<PathBuf>,
    /// JupiterOne account ID [env: JUPITERONE_ACCOUNT]
    #[arg(long, global = true, value_name = "ID")]
    pub jupiterone_account: Option<String>,
    /// Integration instance to synchronise (source integration-external)
    #[arg(long, global = true, value_name = "ID", conflicts_with = "jupiterone_scope")]
    pub jupiterone_instance: Option<String>,
    /// Scope to synchronise (source api)
    #[arg(long, global = true, value_name = "NAME")]
    pub jupiterone_scope: Option<String>,
    /// The instance's name, which the naming graph-microsoft-365 gives to the account, where the key cannot tell it
    /// [profile: jupiterone.instance_name]
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "jupiterone_scope")]
    pub jupiterone_instance_name: Option<String>,
    /// Under which names and shapes preview, upload and export speak of the tenant [profile: naming] [default:
    /// active-directory]
    #[arg(long, global = true, value_name = "NAMING", value_parser = clap::builder::PossibleValuesParser::new(Naming::ALL.map(Naming::as_str)).try_map(|text| text.parse::<Naming>()))]
    pub naming: Option<Naming>,
}

/// How the screens look and what they listen to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Screen options")]
pub struct Screen {
    /// Colours of the screens [env: TENANTRY_THEME]
    #[arg(long, value_enum, value_name = "THEME")]
    pub theme: Option<ScreenTheme>,
    /// Only signs of ASCII [env: TENANTRY_ASCII=1]
    #[arg(long)]
    pub ascii: bool,
    /// No screens: lines with numbered choices, for screen readers, dumb terminals and pipes [env: TENANTRY_PLAIN=1]
    #[arg(long)]
    pub plain: bool,
    /// Wheel and clicks; off, so that the terminal selects text [env: TENANTRY_MOUSE=1]
    #[arg(long)]
    pub mouse: bool,
    /// Record what the screens show to this new file, step by step, without secrets; see tenantry replay
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    pub record: Option<PathBuf>,
}

impl Screen {
    /// What either of two says.
    pub fn or(&self, other: &Self) -> Self {
        Self {
            theme: self.theme.or(other.theme),
            record: self.record.as_ref().or(other.record.as_ref()).cloned(),
            ascii: self.ascii || other.ascii,
            plain: self.plain || other.plain,
            mouse: self.mouse || other.mouse,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScreenTheme {
    /// The terminal's own sixteen colours
    Terminal,
    /// For dark backgrounds (256 colours)
    Dark,
    /// For light backgrounds (256 colours)
    Light,
    /// White on black, bright signs
    HighContrast,
    /// No colours, as NO_COLOR asks
    None,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try everything on an embedded tenant: no network, no account
    Demo(Demo),
    /// Check credentials, permissions and the way to each service
    Doctor(Doctor),
    /// Read the tenant into the store: what changed, where that is known, else everything
    ///
    /// An interrupted run is gone on with. Every seven days, and whenever the service no longer tells what changed,
    /// everything is read again.
    Collect(Collect),
    /// List accounts, users, groups, their members, edges, runs or problems
    ///
    /// From the store, without any request, as all that follow.
    List(List),
    /// Tell all that is known of one object
    Show(Show),
    /// List who is in a group, directly or over other groups
    Members(Members),
    /// List the groups that something is in, directly or over other groups
    Groups(Groups),
    /// Tell through what something is in a group: all shortest ways
    Why(Why),
    /// Draw what is around an object: the groups that it is in above, its members below; as text, Mermaid, DOT or GraphML
    #[command(visible_alias = "graph")]
    Tree(Tree),
    /// Tell what came, went or changed between two runs
    Diff(Diff),
    /// Tell what was asked of Microsoft and JupiterOne, request by request: the logs of the last runs
    Requests(Requests),
    /// Tell what an upload would create, change and delete; writes nothing
    Preview(Preview),
    /// Synchronise JupiterOne with what was collected
    Upload(Upload),
    /// Write what an upload would send to files
    Export(Export),
    /// Profiles: who, where and through what, without secrets
    #[command(subcommand)]
    Profile(Profile),
    /// Make a script that registers the app or gives it consent, or the message to who may
    #[command(subcommand)]
    Script(Script),
    /// Show a session that --record has kept, step by step
    Replay(Replay),
    /// Show paths, stores and endpoints in use
    Info(Info),
    /// Print a completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Output {
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Info {
    /// List what a firewall must let through, and the proxy that each connection would take
    #[arg(long)]
    pub endpoints: bool,
    /// One JSON object a line on standard output
    #[arg(long, requires = "endpoints")]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub output: Output,
    /// Also find out, by reading only, what Microsoft's documents leave open about this tenant: prices of requests, service
    /// principals in $expand and delta, up to 200 groups read in two ways and compared. Later runs use what it learns
    #[arg(long)]
    pub probe: bool,
    /// If admin consent is missing, wait until somebody gives it (half an hour at most), then check again
    #[arg(long)]
    pub wait_consent: bool,
    /// Write the probe's report here; it holds no personal data and can be shared
    #[arg(long, value_name = "FILE", requires = "probe")]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Collect {
    #[command(flatten)]
    pub output: Output,
    /// Every profile, one after the other, whatever becomes of each; the exit status is the worst
    #[arg(long, conflicts_with_all = ["explain", "only_groups"])]
    pub all: bool,
    /// Drop an interrupted run instead of going on with it
    #[arg(long)]
    pub fresh: bool,
    /// Read everything, although what changed would do
    #[arg(long)]
    pub full: bool,
    /// Read everything when the last full read is older than this, such as 12h or 7d [profile: full_every] [default: 7d]
    #[arg(long, value_name = "DURATION")]
    pub full_every: Option<Age>,
    /// Read only this again, and have everything else as the newest finished run has it: group:<id> for its members, users,
    /// groups, memberships, others, account. See `tenantry list problems`
    #[arg(long, value_name = "WHAT", value_parser = parse_again,
          conflicts_with_all = ["all", "full", "gentle", "only_groups", "sample", "explain"])]
    pub again: Vec<Again>,
    /// Least load on the tenant instead of least time: delta chains, one request at a time, low priority
    #[arg(long)]
    pub gentle: bool,
    /// Only these groups and their members, for a quick look; a name, an object ID or an OData filter. Never uploaded
    #[arg(long, value_name = "NAME|ID|FILTER", value_parser = pick, conflicts_with = "full")]
    pub only_groups: Vec<GroupPick>,
    /// Only so many groups and users, for a quick look. Never uploaded
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["only_groups", "full"])]
    pub sample: Option<u32>,
    /// Also read when users last signed in: a slow pass beside the run, which never waits for it. Needs AuditLog.Read.All
    /// and a premium licence [profile: sign_in_activity]
    #[arg(long)]
    pub sign_in_activity: bool,
    /// How many finished runs stay in the store; never fewer than what uploads were made of [profile: keep] [default: 10]
    #[arg(long, value_name = "N")]
    pub keep: Option<std::num::NonZeroUsize>,
    /// Resource units in ten seconds to count on, instead of the documented limit for the tenant's size and of what earlier
    /// runs learned [profile: quota]
    #[arg(long, value_name = "UNITS")]
    pub quota: Option<std::num::NonZeroU64>,
    /// Tell what would be read, how many requests and resource units that takes, and why; reads nothing but two counts
    #[arg(long)]
    pub explain: bool,
}

fn pick(text: &str) -> Result<GroupPick, String> {
    match text.trim() {
        "" => Err("an empty name names no group".to_owned()),
        text => Ok(GroupPick::parse(text)),
    }
}

/// Which run of the store.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Of {
    /// This run of the store instead of the newest; it must have finished, and not be a selection
    #[arg(long, value_name = "N", value_parser = run)]
    pub run: Option<RunId>,
}

fn run(text: &str) -> Result<RunId, String> {
    match text.parse::<i64>() {
        Ok(number) if number > 0 => Ok(RunId(number)),
        _ => Err("a run has a number, as `tenantry list runs` shows it".to_owned()),
    }
}

/// What a preview is held against, where that is not what JupiterOne is believed to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    Run(RunId),
    /// What JupiterOne says that it holds now.
    Live,
}

fn against(text: &str) -> Result<Against, String> {
    match text {
        "live" => Ok(Against::Live),
        _ => run(text).map(Against::Run).map_err(|words| format!("{words}; or \"live\"")),
    }
}

#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    pub screen: Screen,
    /// What the services do: see --list-scenarios
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub scenario: String,
    /// Users in the tenant
    #[arg(long, value_name = "N")]
    pub users: Option<u32>,
    /// Groups in the tenant
    #[arg(long, value_name = "N")]
    pub groups: Option<u32>,
    /// The tenant's seed: one seed and size, one tenant
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Only serve, on this address (port 0: any), and print where as one JSON line
    #[arg(long, value_name = "ADDR", conflicts_with = "truth")]
    pub serve: Option<std::net::SocketAddr>,
    /// Only write the tenant's users, groups and members to this folder
    #[arg(long, value_name = "DIR")]
    pub truth: Option<PathBuf>,
    /// With --truth: the tenant after this many changes (POST /_demo/advance)
    #[arg(long, value_name = "N", default_value_t = 0, requires = "truth")]
    pub advanced: u32,
    /// List the scenarios
    #[arg(long)]
    pub list_scenarios: bool,
}

impl Demo {
    /// Whether it asks for something else than the journey.
    pub const fn is_headless(&self) -> bool {
        self.serve.is_some() || self.truth.is_some() || self.list_scenarios
    }
}

#[derive(Debug, Args)]
pub struct Replay {
    /// What --record has written
    pub file: PathBuf,
    /// As text on standard output, for tickets; the rule where there is no terminal
    #[arg(long)]
    pub text: bool,
    /// Only this step, as text
    #[arg(long, value_name = "N")]
    pub step: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Preview {
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub of: Of,
    /// Exit with 5 if there is anything to create, change or delete
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Instead of what JupiterOne is believed to hold: another kept run, by its number; or "live", what JupiterOne says now
    /// that it holds, which takes an API key that may read the graph
    #[arg(long, value_name = "RUN|live", value_parser = against)]
    pub against: Option<Against>,
    /// Tell it object by object: what is created, changed (field by field) and deleted
    #[arg(long, conflicts_with_all = ["markdown", "out"])]
    pub objects: bool,
    /// Only objects of this _type
    #[arg(long = "type", value_name = "TYPE", requires = "objects")]
    pub of_type: Option<String>,
    /// Only objects that a filter leaves: "will:delete cause:user finance", "field:email"; as in any list
    #[arg(long, value_name = "FILTER", requires = "objects")]
    pub filter: Option<String>,
    /// In this order: will, type, name, from, key; "-" before one of them turns it round: "will,-name"
    #[arg(long, value_name = "COLUMNS", requires = "objects", value_parser = planned_sort, value_delimiter = ',', allow_hyphen_values = true)]
    pub sort: Vec<Sort>,
    /// So many objects at most
    #[arg(long, value_name = "N", requires = "objects")]
    pub limit_objects: Option<u64>,
    /// Tell it as a page of Markdown, on standard output
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Keep it as a plan, which `tenantry upload --plan FILE` does exactly or not at all
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub limit: Limit,
}

/// When deletions are too many.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Limit {
    /// How many deletions of one type may be made: a number, or a share of what is there, such as 5%. Without it the
    /// profile's; else of entities 10 %, at least 10 and at most 500, and of relationships 2 %, at least 500
    #[arg(long, value_name = "N|P%")]
    pub max_deletions: Option<MaxDeletions>,
}

#[derive(Debug, Args)]
pub struct Upload {
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub of: Of,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Allow an upload to a target of which no earlier upload is on record
    #[arg(long)]
    pub first_upload: bool,
    /// Allow an upload to a target that another tenant, or another naming, last wrote to
    #[arg(long)]
    pub accept_target_change: bool,
    /// Upload what this plan of `tenantry preview --out` says, and refuse if anything is not as it was
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    #[command(flatten)]
    pub limit: Limit,
    /// Go on with the job that an upload of the same run left open when it was cut off, instead of aborting it
    #[arg(long)]
    pub resume_job: bool,
    /// Compress what is sent; if JupiterOne refuses that, it goes as it is
    #[arg(long)]
    pub gzip: bool,
    /// Start the job as JupiterOne's own integrations do (integration-managed); instances only
    #[arg(long)]
    pub managed: bool,
    /// The most bytes of a request, for a proxy that takes no 5 MB
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(20_000..=5_000_000))]
    pub max_body: Option<u32>,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub of: Of,
    /// The format
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// The folder to write to, made if missing; of formats that are one file (tree, graphml, html) that file
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// With --format tree: this older run as well. PATH is then a folder, for old.json and new.json
    #[arg(long, value_name = "RUN", value_parser = run)]
    pub against: Option<RunId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// entities.ndjson and relationships.ndjson: exactly the objects that an upload sends
    Ndjson,
    /// A table for each type, for spreadsheets
    Csv,
    /// The folder .j1-integration, as j1-integration sync, visualize and neo4j push read it
    J1Integration,
    /// A run as an answer of J1QL, or with --against the pair that j1-integration diff reads
    Tree,
    /// One file of nodes and edges, for Gephi, yEd, networkx and others
    Graphml,
    /// One page to look at and search in a browser, without a network
    Html,
}

/// An order of an upload's objects.
fn planned_sort(text: &str) -> Result<Sort, String> {
    let known = [Column::Will, Column::Type, Column::Name, Column::From, Column::Key];
    match explore::sort(text) {
        Ok(sort) if known.contains(&sort.column) => Ok(sort),
        _ => Err(format!("there is no such order; there are {}", known.map(Column::word).join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let check = |args: &[&str], fits: bool| {
            let all = ["tenantry", "collect"].iter().chain(args);
            assert_eq!(Cli::try_parse_from(all).is_ok(), fits, "{args:?}");
        };
        check(&["--only-groups", "Finance", "--only-groups", "securityEnabled eq true", "--explain"], true);
        check(&["--fresh", "--full", "--gentle", "--full-every", "12h", "--keep", "1", "--sign-in-activity"], true);
        check(&["--sample", "10"], true);
        check(&["--sample", "10", "--only-groups", "Finance"], false);
        check(&["--sample", "10", "--full"], false);
        check(&["--only-groups", "Finance", "--full"], false);
        check(&["--only-groups", " "], false);
        check(&["--sample", "0"], false);
        check(&["--keep", "0"], false);
        check(&["--quota", "16000"], true);
        check(&["--quota", "0"], false);
        check(&["--full-every", "soon"], false);
        check(&["--all", "--full", "--json"], true);
        check(&["--all", "--explain"], false);
        check(&["--all", "--only-groups", "Finance"], false);
    }

    #[test]
    fn no_flag_takes_a_secret() {
        // A word to read them from standard input, a date, and the public half of a key.
        const FINE: [&str; 3] = ["secrets_stdin", "secret_expires", "public_key"];
        fn look(command: &clap::Command) {
            for flag in command.get_arguments() {
                let name = flag.get_id().as_str();
                let is_secret = ["secret", "key", "password"].iter().any(|word| name.contains(word));
                assert!(!is_secret || FINE.contains(&name), "{name}");
            }
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
    }
}
