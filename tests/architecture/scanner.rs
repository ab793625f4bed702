//! Reads Rust text just well enough to say which paths a file names: comments and strings fall away, `use` trees are
//! unfolded, `super` is resolved. It knows nothing of rooms and floors.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A path as the compiler would see it from the crate's root where it begins with `crate`, `self` or `super`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub segments: Vec<String>,
    pub line: usize,
    /// Written after `use`.
    pub imported: bool,
    /// Inside a module called `tests`, be it a file or a block.
    pub in_tests: bool,
}

/// Words, `::` and single punctuation marks.
pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    while at < chars.len() {
        let end = match skip(&chars, at) {
            Some(end) => end,
            None => {
                let end = word_end(&chars, at);
                if !chars[at].is_whitespace() {
                    found.push(Token {
                        text: chars[at..end].iter().collect(),
                        line,
                    });
                }
                end
            }
        };
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_end(chars: &[char], at: usize) -> usize {
    if is_word(chars[at]) {
        chars[at..]
            .iter()
            .position(|c| !is_word(*c))
            .map_or(chars.len(), |length| at + length)
    } else if chars[at..].starts_with(&[':', ':']) {
        at + 2
    } else {
        at + 1
    }
}

/// Where the comment, string, character or lifetime that begins at `at` ends, if one does.
fn skip(chars: &[char], at: usize) -> Option<usize> {
    let rest = &chars[at..];
    if rest.starts_with(&['/', '/']) {
        return Some(
            rest.iter()
                .position(|c| *c == '\n')
                .map_or(chars.len(), |length| at + length),
        );
    }
    if rest.starts_with(&['/', '*']) {
        return Some(block_comment_end(chars, at));
    }
    let prefix = rest.iter().take_while(|c| matches!(c, 'b' | 'r' | 'c')).count();
    let word_before = at > 0 && is_word(chars[at - 1]);
    if prefix <= 2 && !word_before {
        let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
        let raw = rest[..prefix].contains(&'r');
        if rest.get(prefix + hashes) == Some(&'"') && (hashes == 0 || raw) {
            return Some(string_end(chars, at + prefix + hashes + 1, raw.then_some(hashes)));
        }
    }
    if rest[0] == '\'' {
        return Some(quote_end(chars, at));
    }
    None
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i < chars.len() {
        if chars[i..].starts_with(&['/', '*']) {
            depth += 1;
            i += 2;
        } else if chars[i..].starts_with(&['*', '/']) {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    i
}

fn string_end(chars: &[char], at: usize, raw_hashes: Option<usize>) -> usize {
    let mut i = at;
    while i < chars.len() {
        match (chars[i], raw_hashes) {
            ('\\', None) => i += 2,
            ('"', None) => return i + 1,
            ('"', Some(hashes)) if chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes => {
                return i + 1 + hashes;
            }
            _ => i += 1,
        }
    }
    chars.len()
}

/// `'a'`, `'\n'`, `'\u{41}'`, or the lifetime `'a`, of which only the quote is dropped.
fn quote_end(chars: &[char], at: usize) -> usize {
    if chars.get(at + 1) == Some(&'\\') {
        let close = chars[at + 3..].iter().position(|c| *c == '\'');
        return close.map_or(chars.len(), |length| at + 3 + length + 1);
    }
    if chars.get(at + 2) == Some(&'\'') {
        at + 3
    } else {
        at + 1
    }
}

/// Every path that the tokens name, as seen from a file that is the module `module`.
pub fn paths(tokens: &[Token], module: &[String]) -> Vec<Path> {
    let mut found = Vec::new();
    let mut inside: Vec<(String, usize)> = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < tokens.len() {
        let text = tokens[at].text.as_str();
        match text {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inside.retain(|(_, opened_at)| *opened_at < depth + 1);
            }
            _ => {}
        }
        let opens_module = text == "mod" && tokens.get(at + 2).is_some_and(|next| next.text == "{");
        if opens_module {
            inside.push((tokens[at + 1].text.clone(), depth + 1));
            at += 2;
            continue;
        }
        if starts_path(tokens, at) {
            let here: Vec<String> = module
                .iter()
                .cloned()
                .chain(inside.iter().map(|(name, _)| name.clone()))
                .collect();
            let absolute = text_before(tokens, at, 1) == "::";
            let imported = text_before(tokens, at, if absolute { 2 } else { 1 }) == "use";
            let mut written = Vec::new();
            at = tree(tokens, at, &[], &mut written);
            found.extend(written.into_iter().map(|(segments, line)| Path {
                segments: resolve(segments, &here),
                line,
                imported,
                in_tests: here.iter().any(|name| name == "tests"),
            }));
        } else {
            at += 1;
        }
    }
    found
}

fn is_name(token: &Token) -> bool {
    token.text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

/// Words that may stand before a path's leading `::` and are no part of it.
const KEYWORDS: &[&str] = &[
    "use", "return", "in", "as", "mut", "dyn", "impl", "for", "else", "match", "if", "while", "break", "move", "pub",
    "where",
];

fn starts_path(tokens: &[Token], at: usize) -> bool {
    is_name(&tokens[at]) && !KEYWORDS.contains(&tokens[at].text.as_str()) && !continues(tokens, at)
}

fn text_before(tokens: &[Token], at: usize, back: usize) -> &str {
    at.checked_sub(back)
        .and_then(|i| tokens.get(i))
        .map_or("", |token| token.text.as_str())
}

/// Whether the word at `at` goes on with something: a field, a method, a path begun before.
fn continues(tokens: &[Token], at: usize) -> bool {
    match text_before(tokens, at, 1) {
        "." => true,
        "::" => match text_before(tokens, at, 2) {
            ">" => text_before(tokens, at, 3) != "-",
            word => !KEYWORDS.contains(&word) && word.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_'),
        },
        _ => false,
    }
}

/// Collects one `use` tree, or one plain path, and answers where it ends.
fn tree(tokens: &[Token], at: usize, prefix: &[String], found: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut segments = prefix.to_vec();
    let mut i = at;
    loop {
        match tokens.get(i) {
            Some(token) if token.text == "{" && i > 0 && tokens[i - 1].text == "::" => {
                i += 1;
                while let Some(token) = tokens.get(i) {
                    match token.text.as_str() {
                        "}" => return i + 1,
                        "," => i += 1,
                        _ => i = tree(tokens, i, &segments, found).max(i + 1),
                    }
                }
                return i;
            }
            Some(token) if is_name(token) || token.text == "*" => segments.push(token.text.clone()),
            _ => break,
        }
        if tokens.get(i + 1).is_some_and(|next| next.text == "::") && tokens.get(i + 2).is_some_and(continues_path) {
            i += 2;
        } else {
            i += 1;
            break;
        }
    }
    if segments.len() > prefix.len() {
        found.push((segments, tokens[at].line));
    }
    // `as name` ends a branch of a tree and names nothing.
    if !prefix.is_empty() && tokens.get(i).is_some_and(|token| token.text == "as") {
        i += 2;
    }
    i
}

fn continues_path(token: &Token) -> bool {
    is_name(token) || token.text == "*" || token.text == "{"
}

fn resolve(segments: Vec<String>, here: &[String]) -> Vec<String> {
    let mut base: Vec<String> = here.to_vec();
    let mut rest = segments.iter().map(String::as_str).peekable();
    match rest.peek() {
        Some(&("self" | "super")) => {}
        _ => return segments,
    }
    while let Some(step) = rest.peek() {
        match *step {
            "super" => {
                base.pop();
            }
            "self" => {}
            _ => break,
        }
        rest.next();
    }
    std::iter::once("crate".to_owned())
        .chain(base)
        .chain(rest.map(str::to_owned))
        .collect()
}
