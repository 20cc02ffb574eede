//! The terminal comes back: raw mode and the alternate screen are taken and given back here, and nowhere else.
//!
//! A panic of the UI gives the terminal back before its message is printed. A panic in the background does not touch
//! the screen: it is a failed job, and goes to the log.

use std::{
    io::{self, Write},
    panic,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor, event, execute,
    terminal::{self, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen},
};

/// Whether the screen is ours. There is one terminal, so there is one flag; the panic hook needs it.
static OURS: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is to tell of the mouse while the screen is ours.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; dropping it gives it back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// When it refuses; whatever was changed by then is changed back.
    pub fn take() -> io::Result<Self> {
        let guard = Self(());
        enter()?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// Takes the screen, also where a shell has changed it meanwhile.
///
/// # Errors
///
/// When the terminal refuses.
pub fn enter() -> io::Result<()> {
    if OURS.swap(true, Ordering::SeqCst) && is_cooked() {
        // Stopped and continued by somebody else: a shell has set the modes meanwhile, and crossterm, which does not
        // know it, would do nothing.
        let _ = terminal::disable_raw_mode();
    }
    terminal::enable_raw_mode()?;
    // A row that is longer than we think must not go on in the next one.
    execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, event::EnableBracketedPaste, cursor::Hide)?;
    if MOUSE.load(Ordering::SeqCst) { execute!(io::stdout(), Mouse(true)) } else { Ok(()) }
}

/// The terminal is to tell of the mouse, or no more. While it does, it selects no text by itself.
///
/// # Errors
///
/// When the terminal refuses.
pub fn mouse(on: bool) -> io::Result<()> {
    let was = MOUSE.swap(on, Ordering::SeqCst);
    if was != on && OURS.load(Ordering::SeqCst) { execute!(io::stdout(), Mouse(on)) } else { Ok(()) }
}

/// Presses and the wheel, by cells. Not every movement, as crossterm's own command asks for: that is much over a slow line.
struct Mouse(bool);

impl crossterm::Command for Mouse {
    fn write_ansi(&self, out: &mut impl std::fmt::Write) -> std::fmt::Result {
        out.write_str(if self.0 { "\x1b[?1000h\x1b[?1006h" } else { "\x1b[?1006l\x1b[?1000l" })
    }

    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        if self.0 { event::EnableMouseCapture.execute_winapi() } else { event::DisableMouseCapture.execute_winapi() }
    }

    #[cfg(windows)]
    fn is_ansi_code_supported(&self) -> bool {
        false
    }
}

/// Whether the terminal makes lines of what is typed, whatever crossterm believes.
#[cfg(unix)]
fn is_cooked() -> bool {
    let mut modes = std::mem::MaybeUninit::<libc::termios>::uninit();
    // SAFETY: the call fills the structure in where it succeeds, and only then is it looked at.
    #[allow(unsafe_code)]
    unsafe {
        libc::tcgetattr(libc::STDIN_FILENO, modes.as_mut_ptr()) == 0 && modes.assume_init().c_lflag & libc::ICANON != 0
    }
}

#[cfg(not(unix))]
const fn is_cooked() -> bool {
    false
}

/// Gives the screen back; a second time does nothing. Where the terminal has gone there is nobody to tell.
pub fn leave() {
    if OURS.swap(false, Ordering::SeqCst) {
        if MOUSE.load(Ordering::SeqCst) {
            let _ = execute!(io::stdout(), Mouse(false));
        }
        let _ =
            execute!(io::stdout(), event::DisableBracketedPaste, EnableLineWrap, LeaveAlternateScreen, cursor::Show);
        let _ = terminal::disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

/// While it lives, a panic of the UI (as `is_ui` tells) gives the terminal back first, and any other goes to the log.
pub struct PanicHook(Arc<Hook>);

type Hook = dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync;

impl PanicHook {
    pub fn set(is_ui: fn() -> bool) -> Self {
        let before: Arc<Hook> = Arc::from(panic::take_hook());
        let next = Arc::clone(&before);
        panic::set_hook(Box::new(move |info| {
            if is_ui() {
                leave();
                next(info);
            } else {
                tracing::error!(target: "tenantry::panic", "{info}");
            }
        }));
        Self(before)
    }
}

impl Drop for PanicHook {
    fn drop(&mut self) {
        // While a panic unwinds, the hook must not be touched; the process ends with it.
        if !std::thread::panicking() {
            let before = Arc::clone(&self.0);
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}
