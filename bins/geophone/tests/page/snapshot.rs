//! What a page was at one time.

/// The elements of a page, as text.
pub(crate) struct Snapshot {
    pub(crate) dom: String,
}

impl Snapshot {
    pub(crate) fn new(dom: &str) -> Self {
        // The page writes figures with narrow no-break spaces.
        Self { dom: dom.replace('\u{202f}', " ") }
    }

    /// Start tags that contain a text, without their brackets.
    pub(crate) fn tags<'a>(&'a self, with: &'a str) -> impl Iterator<Item = &'a str> {
        self.dom.split('<').filter_map(|piece| Some(piece.split_once('>')?.0)).filter(move |tag| tag.contains(with))
    }

    /// From one text to the next other.
    pub(crate) fn part(&self, from: &str, to: &str) -> &str {
        let start = self.dom.find(from).unwrap_or_else(|| panic!("{from} is in {}", self.dom));
        self.dom[start..].split(to).next().unwrap_or_default()
    }

    /// The cells of the table row with this id, as text.
    pub(crate) fn row(&self, id: &str) -> Vec<String> {
        let row = self.part(&format!("<tr data-id=\"{id}\""), "</tr>");
        let cells = row.split("<t").skip(2);
        cells
            .map(|cell| cell.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text)).collect())
            .collect()
    }
}

/// An attribute of a start tag.
pub(crate) fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
