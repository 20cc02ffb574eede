//! The figures of browsing: what a directory in memory answers in, and what a key costs until its frame is drawn, beside
//! the naive way, which asks SQLite for everything.
//!
//! `cargo bench --bench browse` takes a directory of 20,000 users and 5,000 groups; with `-- --large` one of 500,000
//! users, 150,000 groups and some five million memberships. `--store FILE` keeps what the demo's tenant was read into, and
//! takes it from there the next time. No real tenant was read.

#[allow(dead_code, reason = "collections are measured elsewhere")]
#[path = "../figures/machine.rs"]
mod machine;

mod hands;
mod naive;
#[cfg(unix)]
mod screen;
mod table;
mod watch;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tenantry::{
    domain::{
        column::{Column, Sort},
        explore::{Answer, Question},
        ids::RunId,
        naming::Naming,
        text::grouped,
        view::{List, Pending, Query, Rows, Within},
    },
    explore::{Explorer, stop::Stop},
    store::Reader,
};

use self::{
    hands::Hands,
    naive::Naive,
    table::{Figure, print, time},
    watch::{Took, Watch},
};

const NAMING: Naming = Naming::ActiveDirectory;
/// What a page of rows is on a screen of 36 lines, with what lists fetch around it.
const PAGE: u64 = 108;
/// How often a program begins.
const BEGINNINGS: u64 = 20;
/// How often a step is measured.
const STEPS: u64 = 400;

/// A store, and who answers about its newest run.
struct Bench {
    path: PathBuf,
    run: RunId,
    explorer: Explorer,
}

impl Bench {
    fn new(path: &Path) -> Self {
        let reader = Reader::open(path, None).expect("the store opens");
        let run = reader.newest_finished().expect("its runs").expect("a finished run").id;
        Self { path: path.to_owned(), run, explorer: Explorer::new(path.to_owned(), None, NAMING) }
    }

    fn ask(&self, question: Question) -> (Answer, Took) {
        let watch = Watch::start();
        let answer = self.explorer.ask(self.run, question, &Stop::default()).expect("an answer");
        (answer, watch.took())
    }

    fn rows(&self, query: Query) -> (Rows, Took) {
        match self.ask(Question::Rows(query)) {
            (Answer::Rows(rows), took) => (rows, took),
            (other, _) => panic!("rows, not {other:?}"),
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let large = args.iter().any(|arg| arg == "--large");
    let (users, groups) = if large { (500_000, 150_000) } else { (20_000, 5_000) };
    let kept = args.iter().position(|arg| arg == "--store").and_then(|at| args.get(at + 1)).map(PathBuf::from);
    let home = tempfile::tempdir().expect("a folder");
    let path = kept.unwrap_or_else(|| home.path().join("store.db"));
    if !path.exists() {
        machine::fill(users, groups, &path);
    }
    println!("load of the machine: {}", load());
    machine::forget_peak();
    let mut peaks = Vec::new();
    let mut peak = |what: &str| {
        peaks.push((format!("resident memory at its peak: {what}"), machine::peak_mb("self")));
        machine::forget_peak();
    };
    let mut all = first_frames(&path, File::InCache);
    if forget(&path) {
        all.extend(first_frames(&path, File::NotInCache));
    }
    peak("every list's first rows, of a program that has just begun");
    let bench = Bench::new(&path);
    let naive = Naive::new(&path, bench.run);
    all.extend(warm_up(&bench));
    peak("reading into memory");
    all.extend(scrolling(&bench));
    all.extend(filtering(&bench));
    peak("scrolling and filtering");
    all.extend(sorting(&bench));
    peak("sorting");
    all.extend(walking(&bench));
    all.extend(hands::keys(Hands::new(&bench.path, bench.run, bench.explorer)));
    peak("walking, and keys in all lists");
    #[cfg(unix)]
    all.extend(screen::figures(&path));
    let most = peaks.iter().filter_map(|(_, mb)| *mb).reduce(f64::max);
    all.extend(peaks.iter().map(|(what, mb)| Figure::memory(what, *mb, None)));
    all.push(Figure::memory("resident memory at its peak", most, Some(200.0)));
    print(all, &naive);
    println!("\nload of the machine: {}", load());
}

/// How many processes wanted a processor in the last minute, and how many processors there are.
fn load() -> String {
    let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("{} on {} processors", told.split(' ').next().unwrap_or_default(), machine::processors())
}

/// Whether the system has the store's pages in its memory, from an earlier look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum File {
    InCache,
    NotInCache,
}

/// Has the system forget what it holds of a file. `false` where that cannot be asked for.
#[cfg(target_os = "linux")]
fn forget(path: &Path) -> bool {
    use std::os::fd::AsRawFd as _;

    let Ok(file) = std::fs::File::open(path) else { return false };
    // SAFETY: an open file and three numbers; no memory of ours.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn forget(_: &Path) -> bool {
    false
}

/// The first rows of every list, of a program that has just begun.
fn first_frames(path: &Path, file: File) -> Vec<Figure> {
    let mut all = Vec::new();
    for list in List::ALL {
        let mut total = 0;
        let took: Vec<Took> = (0..BEGINNINGS)
            .map(|_| {
                // What it then begins to read into memory ends with it.
                let bench = Bench::new(path);
                if file == File::NotInCache {
                    forget(path);
                }
                let (rows, took) = bench.rows(Query { limit: PAGE, ..Query::of(list) });
                assert_eq!((rows.rows.len() as u64, rows.pending), (rows.total.min(PAGE), Some(Pending::Loading)));
                total = rows.total;
                took
            })
            .collect();
        let cold = if file == File::NotInCache { ", the file not in the cache" } else { "" };
        let what = format!("first rows of {list:?}, nothing in memory yet{cold} ({} in all)", grouped(total));
        all.push(Figure::percentiles(what, &took, Duration::from_millis(50)));
    }
    all
}

fn warm_up(bench: &Bench) -> Vec<Figure> {
    let (_, took) = bench.rows(Query { whole: true, ..Query::of(List::Users) });
    vec![Figure::told("warm-up: the directory is read into memory", took)]
}

/// Steps of pages anywhere in the lists, at their ends too.
fn scrolling(bench: &Bench) -> Vec<Figure> {
    let mut all = Vec::new();
    for list in [List::Users, List::Groups, List::Edges] {
        let (first, _) = bench.rows(Query::of(list));
        let columns = Column::of(list).to_vec();
        let took: Vec<Took> = (0..STEPS)
            .map(|step| {
                // Now here, now there, and every tenth one at the end.
                let last = first.total.saturating_sub(PAGE);
                let offset = if step % 10 == 0 { last } else { step.wrapping_mul(2_654_435_761) % (last + 1) };
                let query = Query { offset, limit: PAGE, columns: columns.clone(), ..Query::of(list) };
                bench.rows(query).1
            })
            .collect();
        let figure = Figure::percentiles(
            format!("{PAGE} rows anywhere in {list:?} ({} in all)", grouped(first.total)),
            &took,
            Duration::from_millis(16),
        );
        all.push(match list {
            List::Users => figure.against(Naive::last_users),
            List::Edges => figure.against(Naive::last_edges),
            _ => figure,
        });
    }
    all
}

/// What a person types, letter by letter: first results, then all.
fn filtering(bench: &Bench) -> Vec<Figure> {
    let typed = [
        (List::Users, "lidia"),
        (List::Users, "type:guest lidia"),
        (List::Users, "~lihol"),
        (List::Users, "!type:guest dept:sales created:<2020"),
        (List::Users, "'holloway enabled:false"),
        (List::Users, "84841066"),
        (List::Groups, "members:>500"),
        (List::Groups, "is:empty !dynamic:true"),
        (List::Edges, "finance lidia"),
        (List::Edges, "type:guest"),
    ];
    let (mut first, mut whole): (Vec<Took>, Vec<Took>) = (Vec::new(), Vec::new());
    let (mut worst_first, mut worst_whole) = ((Took::default(), String::new()), (Took::default(), String::new()));
    for (list, text) in typed {
        for end in (1..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let query = Query { filter: text[..end].to_owned(), limit: PAGE, ..Query::of(list) };
            let (rows, took) = bench.rows(query.clone());
            let mut in_all = took;
            if rows.pending.is_some() {
                in_all += bench.rows(Query { whole: true, ..query }).1;
            }
            let what = format!("{list:?}: {}", &text[..end]);
            worst_first = worst_first.max((took, what.clone()));
            worst_whole = worst_whole.max((in_all, what));
            first.push(took);
            whole.push(in_all);
        }
    }
    println!("slowest first results: {} ({})", worst_first.1, time(worst_first.0.time));
    println!("slowest whole answer: {} ({})", worst_whole.1, time(worst_whole.0.time));
    let mut facets = Took::default();
    for list in [List::Users, List::Groups, List::Edges] {
        facets += bench.ask(Question::Facets(Query::of(list))).1;
    }
    vec![
        Figure::percentiles("a letter of a filter, first results".to_owned(), &first, Duration::from_millis(100)),
        Figure::percentiles("a letter of a filter, whole answer".to_owned(), &whole, Duration::from_millis(500))
            .against(|naive| naive.filter("lidia")),
        Figure::told("facets of the users, of the groups and of all edges together", facets),
    ]
}

fn sorting(bench: &Bench) -> Vec<Figure> {
    let mut all = Vec::new();
    for (list, columns, by) in [
        (List::Users, &[Column::Second][..], Some("lower(o.second) DESC")),
        (List::Users, &[Column::Department, Column::Created], Some("o.department DESC, o.created DESC")),
        (List::Users, &[Column::InGroups, Column::Name], None),
        (List::Groups, &[Column::Members], None),
        (List::Edges, &[Column::Kind, Column::Name], None),
    ] {
        let sort = columns.iter().map(|column| Sort { column: *column, descending: true }).collect();
        let query = Query { sort, limit: PAGE, ..Query::of(list) };
        let words: Vec<&str> = columns.iter().map(|column| column.word()).collect();
        let (rows, at_once) = bench.rows(query.clone());
        let mut took = at_once;
        if rows.pending.is_some() {
            took += bench.rows(Query { whole: true, ..query }).1;
        }
        let what = format!("{list:?} by {}; the old order after {}", words.join(", "), time(at_once.time));
        let figure = Figure::at_most(what, took, Duration::from_millis(1_500));
        all.push(match by {
            Some(by) => figure.against(move |naive| naive.sort(by)),
            None => figure,
        });
    }
    all
}

/// The largest group, all that is in it, and why.
fn walking(bench: &Bench) -> Vec<Figure> {
    let by_size = vec![Sort { column: Column::Members, descending: true }];
    let (largest, _) = bench.rows(Query { sort: by_size, whole: true, limit: 1, ..Query::of(List::Groups) });
    let Some(largest) = largest.rows.first() else { return Vec::new() };
    let within = Within::AllMembersOf(largest.id.clone());
    let (members, took) = bench.rows(Query { within, whole: true, ..Query::of(List::Edges) });
    let limit = Duration::from_millis(300);
    let what = format!("effective members of the largest group ({})", grouped(members.total));
    let mut all = vec![Figure::at_most(what, took, limit).against({
        let (id, total) = (largest.id.clone(), members.total);
        move |naive| {
            let (found, took) = naive.walk(&id);
            assert_eq!(found as u64, total, "both ways find the same");
            took
        }
    })];
    let deepest = members.rows.iter().max_by_key(|row| row.depth);
    if let Some(member) = deepest {
        let why = Question::Why { group: largest.id.clone(), member: member.id.clone() };
        let (answer, took) = bench.ask(why);
        assert!(matches!(answer, Answer::Why(_)), "ways");
        all.push(Figure::at_most("why one of them is in it".to_owned(), took, limit));
    }
    let (_, took) = bench.ask(Question::Glance);
    all.push(Figure::told("the tenant at a glance", took));
    all
}
