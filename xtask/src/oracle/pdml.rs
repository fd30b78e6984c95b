//! What tshark prints with `-T pdml`: each packet with its layers, their fields in order.
//!
//! Unlike its JSON it keeps the order of fields with one name, and with it which message of a packet comes first.

/// A packet.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) layers: Vec<Layer>,
}

/// What one dissector made of a packet, or of one message in it.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) name: String,
    /// All fields, those within others behind them.
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    /// How many fields it is within.
    depth: usize,
    name: String,
    value: String,
}

impl Frame {
    /// The packets of a document, in order.
    pub(super) fn parse(document: &str) -> Vec<Self> {
        let mut frames: Vec<Self> = Vec::new();
        // Layers may hold others: those are taken as part of them.
        let (mut layers, mut depth) = (0, 0_usize);
        for tag in document.split('<').skip(1) {
            let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag);
            match tag.split([' ', '\n']).next().unwrap_or_default() {
                "packet" => frames.push(Self::default()),
                "/proto" => layers -= 1,
                "proto" => {
                    if layers == 0
                        && let Some(frame) = frames.last_mut()
                    {
                        let name = attribute(tag, "name").unwrap_or_default();
                        frame.layers.push(Layer { name, fields: Vec::new() });
                        depth = 0;
                    }
                    // One without fields is closed at once.
                    layers += i32::from(!tag.ends_with('/'));
                }
                "/field" => depth = depth.saturating_sub(1),
                "field" => {
                    if let Some(layer) = frames.last_mut().and_then(|frame| frame.layers.last_mut())
                        && let (Some(name), Some(value)) = (attribute(tag, "name"), attribute(tag, "show"))
                    {
                        layer.fields.push(Field { depth, name, value });
                    }
                    depth += usize::from(!tag.ends_with('/'));
                }
                _ => {}
            }
        }
        frames
    }

    /// The value of a field, of the first layer that has it.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.layers.iter().find_map(|layer| layer.field(name))
    }
}

impl Layer {
    /// The value of a field: the first one.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all fields of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |field| field.name == name).map(|field| field.value.as_str())
    }

    /// Names and values of all fields, in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (field.name.as_str(), field.value.as_str()))
    }

    /// Each field that is within no other one, with those within it: the messages that tshark has put into one layer.
    pub(super) fn parts(&self) -> impl Iterator<Item = Self> {
        let parts = self.fields.chunk_by(|_, next| next.depth > 0);
        parts.map(|fields| Self { name: self.name.clone(), fields: fields.to_vec() })
    }

    /// The value of a field as a number, which tshark shows as `17`, `-17` or `0x11`.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let value = self.field(name)?;
        match value.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => value.parse().ok(),
        }
    }
}

/// The value of a tag's attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = value.split_once('"')?;
    let plain: [(&str, &str); 6] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |value, (escaped, plain)| value.replace(escaped, plain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_packet_stay_apart_and_in_order() {
        let frames = Frame::parse(
            r#"<?xml version="1.0"?>
            <pdml version="0" creator="wireshark/4.0.17">
            <packet>
              <proto name="frame" showname="Frame 4" size="78" pos="0">
                <field name="frame.number" showname="Number: 4" show="4"/>
              </proto>
              <proto name="http" showname="Hypertext" size="78" pos="0">
                <field name="" show="GET /a" size="5"><field name="http.request.method" showname="Method: GET" show="GET"/></field>
                <proto name="inner" size="1"><field name="http.request.uri" show="/a?b=&quot;&lt;&amp;lt;"/></proto>
                <field name="http.request.line" show="Host: a
" hide="yes"/>
              </proto>
              <proto name="http" size="0"/>
              <proto name="http"><field name="http.request.method" show="PUT"/></proto>
            </packet>
            <packet></packet>
            </pdml>"#,
        );
        assert_eq!(frames.len(), 2);
        let layers: Vec<_> = frames[0].layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(layers, ["frame", "http", "http", "http"]);
        let [frame, first, empty, second] = &frames[0].layers[..] else { panic!("four layers") };
        assert_eq!(frame.number("frame.number"), Some(4));
        assert_eq!(first.field("http.request.uri"), Some("/a?b=\"<&lt;"));
        assert_eq!(first.field("http.request.line"), Some("Host: a\n"));
        assert_eq!((empty.field("http.request.method"), second.field("http.request.method")), (None, Some("PUT")));
        assert_eq!(frames[0].field("http.request.method"), Some("GET"));
        let parts: Vec<_> = first.parts().map(|part| part.fields.len()).collect();
        assert_eq!(parts, [2, 1, 1], "what is within another layer is a part of its own");
    }
}
