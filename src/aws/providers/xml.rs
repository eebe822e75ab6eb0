//! As much of XML as STS answers with: elements, text, entities. No names are looked up anywhere and nothing is expanded
//! beyond one character, so that no answer can cost more than its length.

/// Elements nest no deeper in any answer.
const DEPTH: usize = 16;

/// An element that holds nothing but text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf<'a> {
    /// The names from the root on, without prefixes of namespaces.
    pub(super) path: Vec<&'a str>,
    pub(super) text: String,
}

/// The leaves of a document in their order; `None` where it is no whole document.
pub(super) fn leaves(text: &str) -> Option<Vec<Leaf<'_>>> {
    let mut leaves = Vec::new();
    // The open elements: how they are written, and whether they have any within.
    let mut open: Vec<(&str, bool)> = Vec::new();
    let mut held = String::new();
    let mut rest = text.trim();
    let mut has_root = false;
    while let Some((before, after)) = rest.split_once('<') {
        push_text(&mut held, before, !open.is_empty())?;
        if let Some(after) = after.strip_prefix("!--") {
            rest = after.split_once("-->")?.1;
        } else if let Some(after) = after.strip_prefix("![CDATA[") {
            let (data, after) = after.split_once("]]>")?;
            open.last()?;
            held.push_str(data);
            rest = after;
        } else if let Some(after) = after.strip_prefix('?') {
            rest = after.split_once("?>")?.1;
        } else if let Some(after) = after.strip_prefix('/') {
            let (name, after) = after.split_once('>')?;
            let path = open.iter().map(|(name, _)| local(name)).collect();
            let (written, has_elements) = open.pop()?;
            if written != name.trim_end() {
                return None;
            }
            let text = std::mem::take(&mut held);
            if !has_elements {
                leaves.push(Leaf { path, text: text.trim().to_owned() });
            }
            rest = after;
        } else {
            let (tag, after) = tag(after)?;
            let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let name = tag.split(|c: char| c.is_ascii_whitespace()).next()?;
            if name.is_empty() || !name.bytes().all(is_of_name) || open.len() >= DEPTH {
                return None;
            }
            match open.last_mut() {
                Some((_, has_elements)) => *has_elements = true,
                None if has_root => return None,
                None => has_root = true,
            }
            held.clear();
            if is_empty {
                let path = open.iter().map(|(name, _)| local(name)).chain([local(name)]).collect();
                leaves.push(Leaf { path, text: String::new() });
            } else {
                open.push((name, false));
            }
            rest = after;
        }
    }
    (open.is_empty() && has_root && rest.trim().is_empty()).then_some(leaves)
}

/// What is between the brackets of a start tag; attributes may hold a bracket.
fn tag(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            (b'>', None) => return Some((text.get(..at)?, text.get(at.saturating_add(1)..)?)),
            (b'<', None) => return None,
            _ => {}
        }
    }
    None
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte)
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn push_text(out: &mut String, text: &str, is_inside: bool) -> Option<()> {
    if !is_inside {
        return text.trim().is_empty().then_some(());
    }
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = after.split_once(';')?;
        out.push(entity(name)?);
        rest = after;
    }
    out.push_str(rest);
    Some(())
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, String)>> {
        let leaves = leaves(text)?;
        Some(leaves.into_iter().map(|leaf| (leaf.path.join("/"), leaf.text)).collect())
    }

    #[test]
    fn leaves_have_their_path_and_text() {
        let text = "<?xml version=\"1.0\"?>\n<!-- a > b --><R xmlns=\"https://sts.amazonaws.com/doc/\" a='>'>\n <a:C>\n  \
                    <K> x&amp;y&#x2f;&#43;&lt; </K><T><![CDATA[<t>&amp;]]></T><E/>\n </a:C><K>2</K></R>\n";
        let leaf = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        assert_eq!(
            read(text).unwrap(),
            [leaf("R/C/K", "x&y/+<"), leaf("R/C/T", "<t>&amp;"), leaf("R/C/E", ""), leaf("R/K", "2")]
        );
    }

    #[test]
    fn what_is_no_whole_document_is_none() {
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/>x",
            "<a/><b/>",
            "<a>&none;</a>",
            "<a>&amp</a>",
            "<a>&#xd800;</a>",
            "<a b='</a>",
            "<a <b></a>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "<a><![CDATA[x</a>",
            "<>x</>",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&("<a>".repeat(17) + &"</a>".repeat(17))), None);
        let whole = "<a><b c='d'>x&amp;y</b></a>";
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), None, "cut at {end}");
        }
    }
}
