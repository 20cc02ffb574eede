//! Reading logs: by windows, from the end, while they grow.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use super::{HEAD, logs, path};
use crate::domain::{
    filter::{Filter, Scope, parse},
    request::{LogInfo, Pick, Request, RequestQuery, RequestRows},
};

/// A filter is given up for longer lines: nothing of ours writes them.
const MOST_OF_A_LINE: u64 = 1 << 20;

/// The logs of one store, with the places of the lines of the one that is looked at.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    open: Option<Open>,
}

/// A log that is looked at.
#[derive(Debug)]
struct Open {
    name: String,
    /// Where each whole line begins, and where the next one will.
    starts: Vec<u64>,
    chosen: Option<Chosen>,
}

/// The lines that a filter leaves.
#[derive(Debug)]
struct Chosen {
    filter: String,
    /// Lines that were looked at.
    looked: usize,
    lines: Vec<u32>,
}

impl Shelf {
    pub fn of(store: &Path) -> Self {
        Self { folder: super::folder(store), open: None }
    }

    pub fn is_of(&self, store: &Path) -> bool {
        self.folder == super::folder(store)
    }

    /// A window onto a log.
    ///
    /// # Errors
    ///
    /// When a file that is there cannot be read.
    pub fn ask(&mut self, query: RequestQuery) -> io::Result<RequestRows> {
        let logs = logs(&self.folder)?;
        let (filter, complaints) = parse(&query.filter, Scope::Requests);
        let filter_problem = complaints.first().map(|complaint| complaint.words.clone());
        let Some(log) = picked(&logs, &query.log).cloned() else {
            return Ok(RequestRows { query, logs, log: None, total: 0, rows: Vec::new(), filter_problem });
        };
        let file = File::open(path(&self.folder, &log.name))?;
        if self.open.as_ref().is_none_or(|open| open.name != log.name) {
            self.open = None;
        }
        let name = || Open { name: log.name.clone(), starts: vec![HEAD as u64], chosen: None };
        let open = self.open.get_or_insert_with(name);
        open.grow(&file)?;
        let all = open.lines();
        let chosen = match filter.is_empty() {
            true => None,
            false => Some(open.choose(&file, &query.filter, &filter)?),
        };
        let total = chosen.map_or(all, <[u32]>::len);
        let first = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let many = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let window: Vec<usize> =
            (0..total).rev().skip(first).take(many).map(|at| chosen.map_or(at, |chosen| chosen[at] as usize)).collect();
        let mut rows = Vec::with_capacity(window.len());
        for line in window {
            if let Some(request) = open.read(&file, line)? {
                rows.push((line as u64 + 1, request));
            }
        }
        Ok(RequestRows { query, logs, log: Some(log), total: total as u64, rows, filter_problem })
    }

    /// All requests of a log that a filter leaves, the oldest first, with their numbers; and the log. `None`: there is no
    /// such log.
    ///
    /// # Errors
    ///
    /// When a file that is there cannot be read.
    pub fn each(
        &self,
        pick: &Pick,
        filter: &Filter,
        sink: &mut dyn FnMut(u64, Request),
    ) -> io::Result<Option<LogInfo>> {
        let logs = logs(&self.folder)?;
        let Some(log) = picked(&logs, pick) else { return Ok(None) };
        let mut file = File::open(path(&self.folder, &log.name))?;
        file.seek(SeekFrom::Start(HEAD as u64))?;
        let lines = BufReader::new(file).split(b'\n');
        for (number, line) in (1..).zip(lines) {
            if let Ok(request) = serde_json::from_slice::<Request>(&line?)
                && filter.matches(&request)
            {
                sink(number, request);
            }
        }
        Ok(Some(log.clone()))
    }

    /// The logs that are kept, the newest first.
    ///
    /// # Errors
    ///
    /// When the folder is there and cannot be read.
    pub fn logs(&self) -> io::Result<Vec<LogInfo>> {
        logs(&self.folder)
    }
}

fn picked<'a>(logs: &'a [LogInfo], pick: &Pick) -> Option<&'a LogInfo> {
    logs.iter().find(|log| match pick {
        Pick::Newest => true,
        Pick::Run(run) => log.run == Some(*run),
        Pick::Named(name) => log.name == *name,
    })
}

impl Open {
    fn lines(&self) -> usize {
        self.starts.len() - 1
    }

    fn end(&self) -> u64 {
        self.starts.last().copied().unwrap_or(HEAD as u64)
    }

    /// Finds the lines that were written since.
    fn grow(&mut self, mut file: &File) -> io::Result<()> {
        let mut at = file.seek(SeekFrom::Start(self.end()))?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            let ends = buffer[..read].iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            self.starts.extend(ends.map(|(place, _)| at + place as u64 + 1));
            at += read as u64;
        }
    }

    /// One line. `None`: it is none of ours.
    fn read(&self, mut file: &File, line: usize) -> io::Result<Option<Request>> {
        let (Some(&from), Some(&to)) = (self.starts.get(line), self.starts.get(line + 1)) else { return Ok(None) };
        if to - from > MOST_OF_A_LINE {
            return Ok(None);
        }
        let mut text = vec![0; (to - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut text)?;
        Ok(serde_json::from_slice(&text).ok())
    }

    /// The lines that a filter leaves; those that were looked at before are not looked at again.
    fn choose(&mut self, file: &File, text: &str, filter: &Filter) -> io::Result<&[u32]> {
        let lines = self.lines();
        let mut chosen = match self.chosen.take() {
            Some(chosen) if chosen.filter == text => chosen,
            _ => Chosen { filter: text.to_owned(), looked: 0, lines: Vec::new() },
        };
        let mut reader = BufReader::with_capacity(1 << 16, file);
        reader.seek(SeekFrom::Start(self.starts[chosen.looked]))?;
        let mut text = Vec::new();
        for line in chosen.looked..lines {
            text.clear();
            reader.read_until(b'\n', &mut text)?;
            if serde_json::from_slice::<Request>(&text).is_ok_and(|request| filter.matches(&request)) {
                chosen.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
            }
        }
        chosen.looked = lines;
        Ok(&self.chosen.insert(chosen).lines)
    }
}
