//! `tenantry requests`: the request logs that lie beside the store, as lines, as JSON, and as a text for who is asked for
//! help. Makes no request itself.

use std::io::{self, Write as _};

use serde_json::{Value, json};

use super::{
    output::{Exit, Finished, Output},
    session::Session,
};
use crate::{
    cli::{self, Common},
    domain::{
        filter::{Scope, parse},
        problem::Problem,
        request::{LogInfo, Names, Pick, Request, curl, support},
        text::{counted, grouped, visible},
    },
    jobs::{self, JobError},
    requests::Shelf,
};

pub fn run(common: &Common, args: &cli::Requests) -> Exit {
    let output = Output::new(args.output.json);
    match told(common, args, &output) {
        Ok(exit) => exit,
        Err(error) => output.fail(&error),
    }
}

fn told(common: &Common, args: &cli::Requests, output: &Output) -> Result<Exit, JobError> {
    let settings = Session::open(common)?.settings;
    let shelf = jobs::shelf(&settings)?;
    if args.logs {
        return list(&shelf, args, output);
    }
    let (filter, complaints) = parse(&args.filter, Scope::Requests);
    for complaint in &complaints {
        output.say(format!("{} is taken as text: {}", visible(&complaint.part), visible(&complaint.wrong)));
    }
    let pick = match (args.run, &args.log) {
        (Some(run), _) => Pick::Run(run),
        (None, Some(name)) => Pick::Named(name.clone()),
        (None, None) => Pick::Newest,
    };
    // The newest are what is looked for, and the oldest is read first.
    let limit = args.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let mut found: std::collections::VecDeque<(u64, Request)> = std::collections::VecDeque::new();
    let mut total = 0_u64;
    let log = shelf
        .each(&pick, &filter, &mut |number, request| {
            total += 1;
            if found.len() == limit {
                found.pop_front();
            }
            found.push_back((number, request));
        })
        .map_err(|error| JobError::Failed(Box::new(jobs::request_log_problem(&error))))?;
    let Some(log) = log else { return Err(no_log(&pick)) };
    let requests: Vec<(u64, Request)> = found.into();
    let written = if args.support || args.curl {
        let plain: Vec<Request> = requests.into_iter().map(|(_, request)| request).collect();
        match args.curl {
            true => print(plain.iter().map(curl)),
            false => {
                let mut names = args.pseudonyms.then(Names::default);
                print([support(Some(&log), &plain, names.as_mut())])
            }
        }
    } else if args.output.json {
        for (number, request) in &requests {
            output.emit(&json!({ "event": "request", "number": number, "request": request }));
        }
        let mut finished = Finished::new("complete");
        finished.set("log", json!(log));
        finished.set("requests", json!(total));
        finished.set("resource_units", json!(log.sums.units));
        finished.emit(output);
        Ok(())
    } else {
        print(requests.iter().map(|(number, request)| line(*number, request) + "\n"))
    };
    match written {
        // Whoever reads has seen enough: `tenantry requests | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Done),
        Err(error) => {
            let problem = Problem::new(format!("standard output cannot be written: {error}"));
            return Err(JobError::Failed(Box::new(problem.hint("Is there room where it goes?"))));
        }
        Ok(()) => {}
    }
    output.say(summary(&log, total));
    Ok(Exit::Done)
}

fn list(shelf: &Shelf, args: &cli::Requests, output: &Output) -> Result<Exit, JobError> {
    let logs = shelf.logs().map_err(|error| JobError::Failed(Box::new(jobs::request_log_problem(&error))))?;
    if logs.is_empty() {
        return Err(no_log(&Pick::Newest));
    }
    for log in &logs {
        if args.output.json {
            output.emit(&json!({ "event": "log", "log": log }));
        } else {
            println_or_stop(&format!("{}  {}", log.name, about(log)));
        }
    }
    if args.output.json {
        let mut finished = Finished::new("complete");
        finished.set("logs", Value::from(logs.len()));
        finished.emit(output);
    }
    Ok(Exit::Done)
}

fn println_or_stop(line: &str) {
    // Nobody reads any more.
    writeln!(io::stdout(), "{}", visible(line)).ok();
}

fn print(texts: impl IntoIterator<Item = String>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for text in texts {
        out.write_all(text.as_bytes())?;
    }
    out.flush()
}

fn no_log(pick: &Pick) -> JobError {
    let (what, hint) = match pick {
        Pick::Newest => {
            ("there is no request log yet".to_owned(), "`tenantry collect` and `tenantry upload` keep one.")
        }
        Pick::Run(run) => (
            format!("there is no request log of run {run}"),
            "The logs of the last five runs are kept: see `tenantry requests --logs`.",
        ),
        Pick::Named(name) => {
            (format!("there is no request log {}", visible(name)), "See `tenantry requests --logs` for their names.")
        }
    };
    JobError::Unfit(Box::new(Problem::new(what).code("no_request_log").hint(hint)))
}

/// `   12  10:15:02.123  POST  200   12 u    340 ms  /v1.0/$batch  (20 reads)`
fn line(number: u64, request: &Request) -> String {
    let status = request.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let units = request.units.map(|units| format!("{units} u")).unwrap_or_default();
    let mut notes = Vec::new();
    if !request.items.is_empty() {
        notes.push(counted(request.items.len() as u64, "read"));
        let failed = request.failed_items();
        if failed > 0 {
            notes.push(format!("{failed} not answered well"));
        }
    }
    notes.extend(request.code.clone());
    if request.attempt > 1 {
        notes.push(format!("attempt {}", request.attempt));
    }
    notes.extend(request.request_id.as_ref().map(|id| format!("request {id}")));
    let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) };
    let line = format!(
        "{number:>6}  {}  {:<4}  {status:>4}  {units:>6}  {:>7} ms  {}{notes}",
        request.at.strftime("%H:%M:%S%.3f"),
        request.method,
        grouped(u64::from(request.ms)),
        request.target(),
    );
    visible(&line).into_owned()
}

fn about(log: &LogInfo) -> String {
    let run = log.run.map(|run| format!(" of run {run}")).unwrap_or_default();
    let ended = match log.ended {
        Some(ended) => format!("ended {}", ended.strftime("%Y-%m-%d %H:%M:%S UTC")),
        None => format!("not ended (process {})", log.pid),
    };
    format!(
        "{}{run}, begun {}, {ended}: {}, {} units",
        log.of,
        log.began.strftime("%Y-%m-%d %H:%M:%S UTC"),
        counted(log.sums.requests, "request"),
        grouped(log.sums.units),
    )
}

fn summary(log: &LogInfo, total: u64) -> String {
    let dropped = match log.sums.dropped {
        0 => String::new(),
        dropped => format!("; {} had no room in the log", grouped(dropped)),
    };
    format!("{} of the log {}{dropped}", counted(total, "request"), about(log))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use url::Url;

    use super::*;
    use crate::domain::request::Service;

    #[test]
    fn one_line_a_request() {
        let check = |change: &dyn Fn(&mut Request), want: &str| {
            let url = Url::parse("https://graph.microsoft.com/v1.0/users?$top=999").unwrap();
            let at: Timestamp = "2026-11-22T10:15:02.123Z".parse().unwrap();
            let mut request = Request::new(at, Service::Graph, "GET", &url);
            change(&mut request);
            assert_eq!(line(12, &request), want);
        };
        check(
            &|r| {
                r.status = Some(200);
                r.units = Some(2);
                r.ms = 1_340;
            },
            "    12  10:15:02.123  GET    200     2 u    1,340 ms  /v1.0/users?$top=999",
        );
        check(
            &|r| {
                r.code = Some("timeout".to_owned());
                r.attempt = 3;
            },
            "    12  10:15:02.123  GET   none                0 ms  /v1.0/users?$top=999  (timeout, attempt 3)",
        );
    }
}
