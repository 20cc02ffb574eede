//! A pseudo-terminal with a program in it: what the program wrote, what a person would see, what became of the
//! terminal. Waits for what is on the screen, with deadlines that a loaded machine meets; never for time to pass.

use std::{
    fs::File,
    io::{Read, Write},
    os::{
        fd::{AsRawFd, BorrowedFd},
        unix::{fs::OpenOptionsExt, net::UnixStream},
    },
    path::PathBuf,
    process::Command,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};

/// How long anything may take.
pub const DEADLINE: Duration = Duration::from_secs(45);

/// A size in columns and rows.
pub const LARGE: (u16, u16) = (120, 36);
pub const USUAL: (u16, u16) = (80, 24);

pub struct Terminal {
    seen: Arc<Seen>,
    master: Box<dyn MasterPty + Send>,
    /// Kept until the end, so that the terminal outlives the program, as a person's does.
    _slave: Box<dyn SlavePty + Send>,
    name: PathBuf,
    keyboard: File,
    /// Dropped with the rest, it ends the reader.
    _stop_reading: UnixStream,
    pub pid: u32,
    ended: mpsc::Receiver<ExitStatus>,
    has_ended: bool,
    before: libc::termios,
}

#[derive(Default)]
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    /// Every picture that a person could have seen.
    pictures: Vec<String>,
}

/// Written to the other side once the program has ended; a string that terminals ignore.
const END: &[u8] = b"\x1b]777;that is all\x07";

/// Everything that a program wrote to its terminal.
pub struct Written {
    pub bytes: Vec<u8>,
    pub pictures: Vec<String>,
    screen: vt100::Screen,
}

impl Terminal {
    /// Starts `command` in a terminal of its own, with no more environment than the command names.
    pub fn start(command: &Command, size: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let before = termios(&*pair.master);
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.env_clear();
        for (name, value) in command.get_envs() {
            builder.env(name, value.expect("nothing is taken out of an empty environment"));
        }
        builder.env("TERM", "xterm-256color");
        if let Some(home) = builder.get_env("HOME").map(ToOwned::to_owned) {
            builder.cwd(home);
        }
        let (stop_reading, stop) = UnixStream::pair().unwrap();
        let seen = Arc::new(Seen::default());
        seen.lock().parser.set_size(nonzero(size.1), nonzero(size.0));
        std::thread::spawn({
            let output = file(&*pair.master);
            let seen = Arc::clone(&seen);
            move || seen.read(output, &stop)
        });
        let mut child = pair.slave.spawn_command(builder).unwrap();
        let pid = child.process_id().unwrap();
        let (tell, ended) = mpsc::channel();
        std::thread::spawn(move || tell.send(child.wait().unwrap()));
        Self {
            keyboard: file(&*pair.master),
            _stop_reading: stop_reading,
            seen,
            name: pair.master.tty_name().unwrap(),
            master: pair.master,
            _slave: pair.slave,
            pid,
            ended,
            has_ended: false,
            before,
        }
    }

    /// Sends what a terminal would send.
    pub fn send(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Sends `text`, then waits until the screen shows `wanted`.
    #[track_caller]
    pub fn press(&mut self, text: &str, wanted: &str) {
        self.send(text);
        self.shows(wanted);
    }

    /// Waits until the screen shows `wanted`.
    #[track_caller]
    pub fn shows(&self, wanted: &str) {
        self.until(wanted, |screen| screen.contents().contains(wanted));
    }

    /// Waits until the program has taken the screen and `wanted` holds of it.
    #[track_caller]
    pub fn until(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + DEADLINE;
        let mut state = self.seen.lock();
        while !wanted(state.parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {what:?}, and saw\n{}", framed(state.parser.screen()));
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Whether nothing at all is written for `time`.
    pub fn is_quiet_for(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let mut state = self.seen.lock();
        let before = state.bytes.len();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || state.bytes.len() != before {
                return state.bytes.len() == before;
            }
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// How many bytes were written so far.
    pub fn written(&self) -> usize {
        self.seen.lock().bytes.len()
    }

    pub fn contents(&self) -> String {
        self.seen.lock().parser.screen().contents()
    }

    pub fn resize(&self, size: (u16, u16)) {
        // The picture first: what comes by then is drawn for the new size.
        self.seen.lock().parser.set_size(nonzero(size.1), nonzero(size.0));
        self.master.resize(pty_size(size)).unwrap();
    }

    pub fn signal(&self, signal: libc::c_int) {
        kill(self.pid, signal);
    }

    /// Whether lines are edited and echoed and keys make signals.
    pub fn is_cooked(&self) -> bool {
        let now = termios(&*self.master);
        same_modes(&now, &self.before)
    }

    /// Waits for the program's end, and gives its exit status; ended by Ctrl-C's signal it is 130, as shells have it.
    #[track_caller]
    pub fn ends(&mut self) -> i32 {
        let status = self
            .ended
            .recv_timeout(DEADLINE)
            .unwrap_or_else(|_| panic!("it does not end; the screen is\n{}", framed(self.seen.lock().parser.screen())));
        self.has_ended = true;
        match status.signal() {
            Some("Interrupt") => 130,
            Some(name) => panic!("ended by {name}"),
            None => status.exit_code().cast_signed(),
        }
    }

    /// The terminal must be as it was before the program, once it has ended with `code`.
    #[track_caller]
    pub fn ends_restored(mut self, code: i32) -> Written {
        let got = self.ends();
        let now = termios(&*self.master);
        let written = self.all_written();
        let text = written.screen.contents();
        assert_eq!(got, code, "exit status; the screen is\n{text}");
        assert!(
            same_modes(&now, &self.before),
            "the terminal's modes differ: {:x} {:x}",
            now.c_lflag,
            self.before.c_lflag
        );
        written.is_restored();
        written
    }

    /// Everything that was written, once the program has ended.
    pub fn into_written(mut self) -> Written {
        self.all_written()
    }

    /// Waits for what was still under way. Its end is marked from the terminal's other side: that nobody holds that
    /// side open any more is not to be relied on, as other tests fork at any time.
    fn all_written(&mut self) -> Written {
        let mut other = File::options().write(true).custom_flags(libc::O_NOCTTY).open(&self.name).unwrap();
        other.write_all(END).unwrap();
        let is_end = |state: &State| state.bytes.windows(END.len()).rposition(|w| w == END);
        let mut state = self.seen.lock();
        let end = Instant::now() + DEADLINE;
        let length = loop {
            if let Some(length) = is_end(&state) {
                break length;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the terminal does not answer any more");
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        };
        let mut bytes = std::mem::take(&mut state.bytes);
        bytes.truncate(length);
        Written { bytes, pictures: std::mem::take(&mut state.pictures), screen: state.parser.screen().clone() }
    }

    /// Whether the screen is the program's own at this moment.
    pub fn is_taken(&self) -> bool {
        let state = self.seen.lock();
        let screen = state.parser.screen();
        screen.alternate_screen() && screen.bracketed_paste()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if !self.has_ended && self.ended.try_recv().is_err() {
            kill(self.pid, libc::SIGKILL);
            let _ = self.ended.recv_timeout(DEADLINE);
        }
    }
}

impl Written {
    /// Nothing of the program's own modes is left.
    #[track_caller]
    pub fn is_restored(&self) {
        let screen = &self.screen;
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pastes are not marked any more");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!screen.application_cursor() && !screen.application_keypad());
        // The same in the bytes: what was switched on last was switched off after it.
        for (on, off) in [
            ("\x1b[?1049h", "\x1b[?1049l"),
            ("\x1b[?2004h", "\x1b[?2004l"),
            ("\x1b[?25l", "\x1b[?25h"),
            ("\x1b[?7l", "\x1b[?7h"),
        ] {
            let last = |code: &str| {
                let code = code.as_bytes();
                self.bytes.windows(code.len()).rposition(|w| w == code)
            };
            assert!(last(on).is_some(), "{on:?} was never written: the test looks at the wrong program");
            assert!(last(off) > last(on), "{off:?} does not come after the last {on:?}");
        }
        // The mouse is taken only where it was asked for, and then given back.
        for mode in ["1000", "1002", "1003", "1006"] {
            let last = |end: &str| {
                let code = format!("\x1b[?{mode}{end}");
                self.bytes.windows(code.len()).rposition(|w| w == code.as_bytes())
            };
            assert!(last("h").is_none() || last("l") > last("h"), "the mouse's mode {mode} stays on");
        }
    }

    /// What is on the normal screen in the end.
    pub fn left(&self) -> String {
        self.screen.contents()
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that failed while it looked has changed nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, mut output: File, stop: &UnixStream) {
        let mut buffer = [0; 4096];
        while can_read(&output, stop) {
            // Where the terminal has no program any more, reading is an error.
            let count = output.read(&mut buffer).unwrap_or(0);
            let mut state = self.lock();
            if count == 0 {
                return;
            }
            state.bytes.extend_from_slice(&buffer[..count]);
            state.parser.process(&buffer[..count]);
            let picture = state.parser.screen().contents();
            state.pictures.push(picture);
            self.changed.notify_all();
        }
    }
}

/// Sends a signal to a process.
pub fn kill(pid: u32, signal: libc::c_int) {
    // SAFETY: `kill` takes two numbers and touches no memory of ours.
    unsafe { libc::kill(pid.cast_signed(), signal) };
}

/// Waits for something to read; not so once `stop` is closed.
fn can_read(output: &File, stop: &UnixStream) -> bool {
    let poll = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut both = [poll(output.as_raw_fd()), poll(stop.as_raw_fd())];
    // SAFETY: two structures, and their number.
    let count = unsafe { libc::poll(both.as_mut_ptr(), 2, -1) };
    count > 0 && both[1].revents == 0
}

fn framed(screen: &vt100::Screen) -> String {
    screen.rows(0, screen.size().1.get()).map(|row| format!("|{row}\n")).collect()
}

fn nonzero(n: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(n).unwrap()
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// Another descriptor of the terminal's own side.
fn file(master: &dyn MasterPty) -> File {
    // SAFETY: the descriptor is open as long as its owner, which outlives the borrow.
    let borrowed = unsafe { BorrowedFd::borrow_raw(master.as_raw_fd().unwrap()) };
    File::from(borrowed.try_clone_to_owned().unwrap())
}

fn termios(master: &dyn MasterPty) -> libc::termios {
    let fd = master.as_raw_fd().unwrap();
    // SAFETY: all zeros is a value of this plain structure, and the call fills it in.
    unsafe {
        let mut modes = std::mem::zeroed();
        assert_eq!(libc::tcgetattr(fd, &raw mut modes), 0);
        modes
    }
}

fn same_modes(a: &libc::termios, b: &libc::termios) -> bool {
    (a.c_iflag, a.c_oflag, a.c_cflag, a.c_lflag, a.c_cc) == (b.c_iflag, b.c_oflag, b.c_cflag, b.c_lflag, b.c_cc)
}
