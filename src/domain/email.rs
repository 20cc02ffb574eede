//! Which mail addresses JupiterOne's data model accepts.

/// Whether the official validator takes `text` as an `email`: ajv-formats' full expression, ASCII only
/// (`facts/jupiterone.md` §3). Written out, as the expression is a dot-separated list of atoms before one `@` and
/// a host name of two labels or more behind it.
pub fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let atom = |part: &str| !part.is_empty() && part.bytes().all(is_atom);
    let mut labels = 0;
    local.split('.').all(atom)
        && host.split('.').all(|label| {
            labels += 1;
            is_label(label)
        })
        && labels >= 2
}

fn is_atom(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b)
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let end = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    end(bytes.first()) && end(bytes.last()) && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, want: bool| assert_eq!(is_email(text), want, "{text}");
        check("ada@contoso.com", true);
        check("Ada.O'Neil+x@sub.contoso.co", true);
        check("a_b.com#EXT#@t.onmicrosoft.com", true);
        check("no@email", false);
        check("", false);
        check("@contoso.com", false);
        check("ada@", false);
        check("a..b@contoso.com", false);
        check("ada@-contoso.com", false);
        check("ada@contoso-.com", false);
        check("ada@contoso..com", false);
        check("ada@@contoso.com", false);
        check("jürgen@contoso.com", false);
        check("ada lovelace@contoso.com", false);
    }
}
