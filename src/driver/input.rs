//! From the terminal's events to messages. What comes at once is a paste, marked or not; what goes to a secret field
//! becomes a secret here, before anything else sees it.

use std::collections::VecDeque;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::{
    app::{
        Focus, Msg,
        field::SecretEdit,
        key::{Code, Key},
        pointer::{self, Pointer, Spot},
    },
    domain::secret::Secret,
};

/// What comes from outside the program.
#[derive(Debug)]
pub enum Outside {
    Terminal(Event),
    /// SIGTERM or SIGHUP.
    Terminate,
    /// SIGCONT: somebody had stopped us.
    Continued,
}

/// Whether it could be part of a paste that the terminal does not mark.
pub fn is_typed_text(event: &Event) -> bool {
    matches!(event, Event::Key(key) if text_of(key).is_some())
}

/// As many keys at once as this are a paste also where no field is, unless somebody just held some down.
pub const PASTED: usize = 4;

/// Whether this is a press of the mouse.
pub fn is_click(event: Option<&Event>) -> bool {
    matches!(event, Some(Event::Mouse(MouseEvent { kind: MouseEventKind::Down(_), .. })))
}

/// The next message of what came at once, with the focus as it is by then. Takes what it used off the front. `spots` are
/// where the mouse means something.
pub fn next(burst: &mut VecDeque<Event>, focus: Focus, spots: &[Spot]) -> Option<Msg> {
    loop {
        match burst.pop_front()? {
            Event::Resize(width, height) => return Some(Msg::Resize(width, height)),
            Event::Paste(text) => return Some(paste(text, focus)),
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                if let Some(text) = rest_of_paste(key, burst, focus) {
                    return Some(paste(text, focus));
                }
                if let Some(key) = translate(key) {
                    return Some(press(key, focus));
                }
            }
            Event::Mouse(mouse) => {
                let target = || pointer::target(spots, mouse.column, mouse.row);
                if let (Some(pointer), Some(target)) = (pointer_of(mouse), target()) {
                    return Some(Msg::Pointed(pointer, target));
                }
            }
            _ => {}
        }
    }
}

const fn pointer_of(mouse: MouseEvent) -> Option<Pointer> {
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Pointer::Click),
        MouseEventKind::ScrollUp => Some(Pointer::WheelUp),
        MouseEventKind::ScrollDown => Some(Pointer::WheelDown),
        _ => None,
    }
}

/// If this key and those right behind it are text that came at once, all of it. An Enter among characters is text.
fn rest_of_paste(first: KeyEvent, burst: &mut VecDeque<Event>, focus: Focus) -> Option<String> {
    let mut text = String::from(text_of(&first)?);
    let mut used = 0;
    for event in burst.iter() {
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => {}
            Event::Key(key) => match text_of(key) {
                Some(c) => text.push(c),
                None => break,
            },
            _ => break,
        }
        used += 1;
    }
    // A key by itself, or the same control key repeated, is no paste.
    if text.chars().nth(1).is_none() || text.chars().all(char::is_control) {
        return None;
    }
    if matches!(focus, Focus::Commands | Focus::Choice) && !is_pasted(&text) {
        return None;
    }
    burst.drain(..used);
    Some(text)
}

/// Where no field is, keys that came at once may have been typed while the line was slow, or are one that was held down.
fn is_pasted(text: &str) -> bool {
    let mut different: Vec<char> = text.chars().collect();
    different.sort_unstable();
    different.dedup();
    text.chars().count() >= PASTED && different.len() > 2
}

fn text_of(key: &KeyEvent) -> Option<char> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        // AltGr comes as Ctrl and Alt together on some systems.
        KeyCode::Char(c) if control == key.modifiers.contains(KeyModifiers::ALT) => Some(c),
        KeyCode::Char('j') if control => Some('\n'),
        KeyCode::Enter => Some('\n'),
        KeyCode::Tab => Some('\t'),
        _ => None,
    }
}

fn paste(text: String, focus: Focus) -> Msg {
    match focus {
        Focus::Secret => Msg::Secret(SecretEdit::Insert(Secret::new(text.trim()))),
        Focus::Text | Focus::Choice | Focus::Commands => Msg::Paste(text),
    }
}

fn press(key: Key, focus: Focus) -> Msg {
    if focus == Focus::Secret {
        match (key.code, key.ctrl, key.alt) {
            (Code::Char(c), false, false) => return Msg::Secret(SecretEdit::Insert(Secret::new(c))),
            (Code::Backspace, ..) | (Code::Char('w'), true, _) => {
                let whole = key.ctrl || key.alt;
                return Msg::Secret(if whole { SecretEdit::Clear } else { SecretEdit::Backspace });
            }
            (Code::Delete, ..) | (Code::Char('u'), true, _) => return Msg::Secret(SecretEdit::Clear),
            _ => {}
        }
    }
    Msg::Key(key)
}

fn translate(event: KeyEvent) -> Option<Key> {
    let mut ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let mut alt = event.modifiers.contains(KeyModifiers::ALT);
    let code = match event.code {
        // As terminals send Backspace and line ends by other names.
        KeyCode::Char('h') if ctrl => {
            ctrl = false;
            Code::Backspace
        }
        KeyCode::Char('j') if ctrl => {
            ctrl = false;
            Code::Enter
        }
        KeyCode::Char(c) => {
            if ctrl && alt {
                (ctrl, alt) = (false, false);
            }
            Code::Char(if ctrl { c.to_ascii_lowercase() } else { c })
        }
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Code::BackTab,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    Some(Key { code, ctrl, alt })
}

/// The event of a key's text, as a terminal would send it: the other way of `translate`.
pub fn event_of(key: Key) -> Event {
    let code = match key.code {
        Code::Char(c) => KeyCode::Char(c),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::F(n) => KeyCode::F(n),
    };
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::CONTROL, key.ctrl);
    modifiers.set(KeyModifiers::ALT, key.alt);
    Event::Key(KeyEvent::new(code, modifiers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(events: Vec<Event>, focus: Focus) -> Vec<Msg> {
        let mut burst = VecDeque::from(events);
        std::iter::from_fn(|| next(&mut burst, focus, &[])).collect()
    }

    fn keys(text: &str) -> Vec<Event> {
        text.split(' ').map(|k| event_of(Key::parse(k).unwrap())).collect()
    }

    #[test]
    fn what_comes_at_once_is_a_paste() {
        let check = |text: &str, focus, want: &str| {
            let got: Vec<String> = all(keys(text), focus)
                .into_iter()
                .map(|m| match m {
                    Msg::Key(key) => key.shown(),
                    Msg::Paste(text) => format!("paste {text:?}"),
                    Msg::Secret(SecretEdit::Insert(s)) => format!("secret {:?}", s.expose()),
                    Msg::Secret(edit) => format!("{edit:?}"),
                    other => format!("{other:?}"),
                })
                .collect();
            assert_eq!(got.join(", "), want, "{text}");
        };
        check("a", Focus::Text, "a");
        check("enter", Focus::Text, "↵");
        check("a b enter", Focus::Text, r#"paste "ab\n""#);
        check("a enter", Focus::Text, r#"paste "a\n""#);
        check("a enter b tab c", Focus::Text, r#"paste "a\nb\tc""#);
        check("down down", Focus::Text, "↓, ↓");
        check("tab tab", Focus::Text, "⇥, ⇥");
        check("a b esc c", Focus::Text, r#"paste "ab", esc, c"#);
        check("j j enter", Focus::Commands, "j, j, ↵");
        check("j j j j j j", Focus::Commands, "j, j, j, j, j, j");
        check("j j k j k", Focus::Commands, "j, j, k, j, k");
        check("g 3 /", Focus::Commands, "g, 3, /");
        check("q u i t", Focus::Commands, r#"paste "quit""#);
        check("q u i t enter", Focus::Commands, r#"paste "quit\n""#);
        check("a d a enter esc", Focus::Choice, r#"paste "ada\n", esc"#);
        check("down down up up enter", Focus::Commands, "↓, ↓, ↑, ↑, ↵");
        check("a ctrl-j", Focus::Text, r#"paste "a\n""#);
        check("a", Focus::Secret, r#"secret "a""#);
        check("a b enter", Focus::Secret, r#"secret "ab""#);
        check("enter", Focus::Secret, "↵");
        check("backspace", Focus::Secret, "Backspace");
        check("ctrl-u", Focus::Secret, "Clear");
        check("ctrl-c", Focus::Secret, "^C");
        check("ctrl-h", Focus::Text, "⌫");
    }

    #[test]
    fn a_key_that_is_released_is_no_key() {
        let mut key = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert_eq!(all(vec![Event::Key(key)], Focus::Text), []);
        key.kind = KeyEventKind::Repeat;
        assert_eq!(all(vec![Event::Key(key)], Focus::Text), [Msg::Key(Key::char('a'))]);
    }

    #[test]
    fn nothing_of_a_secret_is_in_a_message_s_debug() {
        let msgs = all(vec![Event::Paste("hunter2hunter2".to_owned())], Focus::Secret);
        assert!(!format!("{msgs:?}").contains("hunter"));
    }
}
