//! Keys on the real screens: from a key to its drawn frame, every question answered on the way, without a terminal.

use std::{path::Path, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{Terminal, backend::TestBackend};
use tenantry::{
    app::{
        Beginning, Model, Msg, Place,
        key::{Code, Key},
        msg::{Effect, Outcome, Work},
        settings::Preferences,
        update,
        views::{CredentialView, Mode, Overview, ProfileView, StoreView},
    },
    domain::{cloud::Cloud, ids::RunId, problem::Problem, text::grouped},
    explore::{Explorer, stop::Stop},
    store::Reader,
    tui,
};

use super::{
    table::Figure,
    watch::{Took, Watch},
};

/// A person at the keys of the whole program.
pub struct Hands {
    model: Model,
    explorer: Explorer,
    overview: Overview,
    terminal: Terminal<TestBackend>,
}

impl Hands {
    pub fn new(path: &Path, run: RunId, explorer: Explorer) -> Self {
        let reader = Reader::open(path, None).expect("the store opens");
        let info = reader.run(run).expect("the run");
        let store = StoreView {
            path: path.display().to_string(),
            newest: Some(info.clone()),
            finished: Some(info),
            totals: reader.totals(run).expect("totals"),
            ..StoreView::default()
        };
        // Nothing is asked of any service: only that there is a profile.
        let profile = ProfileView {
            name: "bench".to_owned(),
            organization: None,
            tenant: String::new(),
            client: String::new(),
            cloud: Cloud::Global,
            endpoints: None,
            target: None,
            names: Default::default(),
            credential: CredentialView::default(),
        };
        let size = (120, 36);
        let mut model = Model::new(Beginning {
            mode: Mode::Demo,
            preferences: Preferences::default(),
            zone: TimeZone::UTC,
            vault: String::new(),
            fills: None,
            profile: Some(profile.clone()),
            size,
            now: Timestamp::UNIX_EPOCH,
        });
        model.place = Place::Browse;
        let overview = Overview { profile: Some(profile), store: Some(store) };
        let terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a screen");
        let mut hands = Self { model, explorer, overview, terminal };
        hands.goes(Msg::Begin);
        hands
    }

    /// Until nothing is to be done any more, and drawn; how long that took.
    fn goes(&mut self, msg: Msg) -> Took {
        let watch = Watch::start();
        let mut todo = vec![msg];
        while let Some(msg) = todo.pop() {
            for effect in update(&mut self.model, msg) {
                if let Effect::Start(job, work) = effect {
                    todo.push(Msg::Done(job, self.done(*work)));
                }
            }
        }
        let model = &self.model;
        self.terminal.draw(|frame| _ = tui::draw(model, frame)).expect("a frame");
        watch.took()
    }

    fn done(&self, work: Work) -> Outcome {
        let failed = |problem: Problem| Outcome::Failed(Box::new(problem));
        match work {
            Work::Overview => Outcome::Overview(Box::new(self.overview.clone())),
            Work::Ask(run, question) => match self.explorer.ask(run, question, &Stop::default()) {
                Ok(answer) => Outcome::Answered(answer),
                Err(error) => failed(error.problem()),
            },
            _ => failed(Problem::new("this is only about browsing")),
        }
    }

    fn key(&mut self, code: Code) -> Took {
        self.goes(Msg::Key(Key { code, ctrl: false, alt: false }))
    }

    /// What is on the screen, and how many rows it has.
    fn list(&self) -> (String, u64) {
        let view = self.model.browse.view();
        (view.title.clone(), view.window.total.unwrap_or_default())
    }
}

/// What keys cost in every list, from its beginning, its end and its middle.
pub fn keys(mut hands: Hands) -> Vec<Figure> {
    let mut all = Vec::new();
    let mut seen = Vec::new();
    while !seen.contains(&hands.model.browse.tab) {
        seen.push(hands.model.browse.tab);
        let (title, rows) = hands.list();
        if rows == 0 {
            hands.key(Code::Tab);
            continue;
        }
        let mut took = Vec::new();
        for place in [Code::Home, Code::End] {
            took.push(hands.key(place));
            let pages = if place == Code::Home { Code::PageDown } else { Code::PageUp };
            let lines = if place == Code::Home { Code::Down } else { Code::Up };
            took.extend((0..150).map(|_| hands.key(pages)));
            took.extend((0..150).map(|_| hands.key(lines)));
        }
        let what = format!("a key and its frame of 120x36 in {title} ({})", grouped(rows));
        all.push(Figure::percentiles(what, &took, Duration::from_millis(16)));
        hands.key(Code::Tab);
    }
    assert!(!all.is_empty(), "there are rows on the screen");
    all
}
