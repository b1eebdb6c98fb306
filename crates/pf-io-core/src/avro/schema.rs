//! The file's schema as a tree of what the bytes are, with all names resolved.
//!
//! Named types are resolved while reading; a type inside itself has no Arrow form and is refused.
//! Sizes are bounded: depth by the JSON reader, and the nodes that references expand to here.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::TimeUnit;

use super::json::Json;

/// Nodes a schema may have with all references followed.
const MAX_NODES: usize = 1 << 16;
/// Bytes of a `fixed`.
const MAX_FIXED: u64 = 1 << 24;

/// A type and the bytes of its values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Date,
    /// Milliseconds of the day.
    TimeMillis,
    /// Microseconds of the day.
    TimeMicros,
    /// In UTC, or local without a zone.
    Timestamp(TimeUnit, bool),
    /// Text of a UUID.
    Uuid,
    Fixed {
        name: String,
        size: usize,
    },
    /// Two's complement, in bytes or in a fixed of `size`.
    Decimal {
        name: Option<String>,
        precision: u8,
        scale: i8,
        size: Option<usize>,
    },
    /// Months, days, milliseconds.
    Duration {
        name: String,
    },
    Enum {
        name: String,
        symbols: Arc<[String]>,
    },
    Array(Arc<Node>),
    Map(Arc<Node>),
    Record {
        name: String,
        fields: Arc<[(String, Arc<Node>)]>,
    },
    /// A type or null; `null_first` is the order of the branches.
    Nullable {
        null_first: bool,
        inner: Arc<Node>,
    },
    Union(Arc<[Arc<Node>]>),
}

/// What is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SchemaFault {
    Bad(String),
    Unsupported(String),
}

fn bad<T>(message: impl Into<String>) -> Result<T, SchemaFault> {
    Err(SchemaFault::Bad(message.into()))
}

/// A schema that has been read: a record at the root, and its text without oddities.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    /// Names and types of the columns.
    pub fields: Arc<[(String, Arc<Node>)]>,
    /// The schema for another decoder: a record, without aliases of words and invalid types.
    pub text: String,
}

/// Reads the schema `text`. A root that is no record becomes the field `value` of one.
pub(super) fn parse(text: &str) -> Result<Parsed, SchemaFault> {
    let json = match Json::parse(text) {
        Ok(json) => json,
        // A bare name is not JSON, but files with one exist.
        Err(_) if primitive(text.trim()).is_some() => Json::Text(text.trim().to_owned()),
        Err(reason) => return bad(format!("the schema is not JSON: {reason}")),
    };
    let mut names = Names::default();
    let (node, mut json) = names.node(&json, "")?;
    let fields = if let Node::Record { fields, .. } = &*node {
        Arc::clone(fields)
    } else {
        let field =
            vec![("name".to_owned(), Json::Text("value".to_owned())), ("type".to_owned(), json)];
        json = Json::Object(vec![
            ("type".to_owned(), Json::Text("record".to_owned())),
            ("name".to_owned(), Json::Text("value_".to_owned())),
            ("fields".to_owned(), Json::Array(vec![Json::Object(field)])),
        ]);
        vec![("value".to_owned(), node)].into()
    };
    let mut text = String::new();
    json.write(&mut text);
    Ok(Parsed { fields, text })
}

fn primitive(name: &str) -> Option<Node> {
    Some(match name {
        "null" => Node::Null,
        "boolean" => Node::Boolean,
        "int" => Node::Int,
        "long" => Node::Long,
        "float" => Node::Float,
        "double" => Node::Double,
        "bytes" => Node::Bytes,
        "string" => Node::Text,
        _ => return None,
    })
}

#[derive(Default)]
struct Names {
    /// Named types by full name with the nodes they expand to; `None` while one is being read.
    known: HashMap<String, Option<(Arc<Node>, usize)>>,
    nodes: usize,
    /// Where in the schema we are: `.field`, `[]` for items, `{}` for values.
    path: Vec<String>,
}

impl Names {
    fn count(&mut self, nodes: usize) -> Result<(), SchemaFault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return bad(format!("the schema has more than {MAX_NODES} types"));
        }
        Ok(())
    }

    /// As [`Self::node`], one step down.
    fn below(
        &mut self,
        step: String,
        json: &Json,
        space: &str,
    ) -> Result<(Arc<Node>, Json), SchemaFault> {
        self.path.push(step);
        let found = self.node(json, space);
        self.path.pop();
        found
    }

    /// The type that `json` is, and its text for another decoder.
    fn node(&mut self, json: &Json, space: &str) -> Result<(Arc<Node>, Json), SchemaFault> {
        self.count(1)?;
        match json {
            Json::Text(name) => {
                if let Some(node) = primitive(name) {
                    return Ok((Arc::new(node), json.clone()));
                }
                let full = full_name(name, space);
                let found = self.known.get(&full).or_else(|| self.known.get(name));
                match found.cloned() {
                    Some(Some((node, nodes))) => {
                        self.count(nodes)?;
                        Ok((node, json.clone()))
                    }
                    Some(None) => Err(SchemaFault::Unsupported(format!(
                        "field '{}': the schema is recursive, '{full}' holds itself, which has no \
                         Arrow type",
                        self.path.concat().trim_start_matches('.')
                    ))),
                    None => bad(format!("the schema names an unknown type '{name}'")),
                }
            }
            Json::Array(branches) => self.union(branches, space),
            Json::Object(_) => self.object(json, space),
            _ => bad("the schema holds a value that is no type"),
        }
    }

    fn union(&mut self, branches: &[Json], space: &str) -> Result<(Arc<Node>, Json), SchemaFault> {
        let mut nodes = Vec::with_capacity(branches.len());
        let mut texts = Vec::with_capacity(branches.len());
        for branch in branches {
            let (node, text) = self.node(branch, space)?;
            if matches!(*node, Node::Union(_) | Node::Nullable { .. }) {
                return bad("a union holds a union");
            }
            let kind = node.union_kind();
            if nodes.iter().any(|other: &Arc<Node>| other.union_kind() == kind) {
                return bad(format!("a union holds '{kind}' twice"));
            }
            nodes.push(node);
            texts.push(text);
        }
        if nodes.len() > 127 {
            return bad("a union has more than 127 branches");
        }
        let node = match nodes.as_slice() {
            [] => return bad("a union has no branches"),
            [null, inner] if **null == Node::Null => {
                Node::Nullable { null_first: true, inner: Arc::clone(inner) }
            }
            [inner, null] if **null == Node::Null => {
                Node::Nullable { null_first: false, inner: Arc::clone(inner) }
            }
            _ => Node::Union(nodes.into()),
        };
        Ok((Arc::new(node), Json::Array(texts)))
    }

    fn object(&mut self, json: &Json, space: &str) -> Result<(Arc<Node>, Json), SchemaFault> {
        let Some(kind) = json.get("type") else { return bad("a type has no \"type\"") };
        let Json::Text(kind) = kind else { return self.node(kind, space) };
        match kind.as_str() {
            "record" | "error" => self.record(json, space),
            "enum" => {
                let (name, _) = declared_name(json, space)?;
                let symbols = json.get("symbols").and_then(Json::as_array);
                let symbols = symbols.and_then(|symbols| {
                    symbols.iter().map(|symbol| symbol.as_str().map(str::to_owned)).collect()
                });
                let Some(symbols): Option<Vec<String>> = symbols else {
                    return bad(format!("the enum '{name}' has no symbols"));
                };
                let node = Node::Enum { name: name.clone(), symbols: symbols.into() };
                self.declare(&name, node, json.clone())
            }
            "fixed" => {
                let (name, _) = declared_name(json, space)?;
                let Some(size) = json.get("size").and_then(Json::as_u64) else {
                    return bad(format!("the fixed '{name}' has no size"));
                };
                if size > MAX_FIXED {
                    return bad(format!("the fixed '{name}' has {size} bytes"));
                }
                let logical = fixed_logical(json, &name, size as usize);
                let text = if logical.is_some() { json.clone() } else { without_logical(json) };
                let node =
                    logical.unwrap_or(Node::Fixed { name: name.clone(), size: size as usize });
                self.declare(&name, node, text)
            }
            "array" => {
                let Some(items) = json.get("items") else { return bad("an array has no items") };
                let (item, text) = self.below("[]".to_owned(), items, space)?;
                Ok((Arc::new(Node::Array(item)), replaced(json, "items", text)))
            }
            "map" => {
                let Some(values) = json.get("values") else { return bad("a map has no values") };
                let (value, text) = self.below("{}".to_owned(), values, space)?;
                Ok((Arc::new(Node::Map(value)), replaced(json, "values", text)))
            }
            name => match primitive(name) {
                Some(plain) => match primitive_logical(json, &plain) {
                    Some(node) => Ok((Arc::new(node), json.clone())),
                    None => Ok((Arc::new(plain), Json::Text(name.to_owned()))),
                },
                None => self.node(&Json::Text(name.to_owned()), space),
            },
        }
    }

    fn declare(
        &mut self,
        name: &str,
        node: Node,
        text: Json,
    ) -> Result<(Arc<Node>, Json), SchemaFault> {
        let node = Arc::new(node);
        if self.known.insert(name.to_owned(), Some((Arc::clone(&node), 1))).is_some() {
            return bad(format!("the schema defines '{name}' twice"));
        }
        Ok((node, text))
    }

    fn record(&mut self, json: &Json, space: &str) -> Result<(Arc<Node>, Json), SchemaFault> {
        let (name, space) = declared_name(json, space)?;
        if self.known.insert(name.clone(), None).is_some() {
            return bad(format!("the schema defines '{name}' twice"));
        }
        let Some(list) = json.get("fields").and_then(Json::as_array) else {
            return bad(format!("the record '{name}' has no fields"));
        };
        let before = self.nodes;
        let mut fields: Vec<(String, Arc<Node>)> = Vec::with_capacity(list.len());
        let mut texts = Vec::with_capacity(list.len());
        let mut seen = std::collections::HashSet::new();
        for field in list {
            let (Some(field_name), Some(kind)) =
                (field.get("name").and_then(Json::as_str), field.get("type"))
            else {
                return bad(format!("a field of '{name}' has no name or no type"));
            };
            if !seen.insert(field_name) {
                return bad(format!("'{name}' has two fields named '{field_name}'"));
            }
            let (node, text) = self.below(format!(".{field_name}"), kind, &space)?;
            fields.push((field_name.to_owned(), node));
            texts.push(replaced(field, "type", text));
        }
        let text = replaced(json, "fields", Json::Array(texts));
        let text = replaced(&text, "type", Json::Text("record".to_owned()));
        let node = Arc::new(Node::Record { name: name.clone(), fields: fields.into() });
        let nodes = self.nodes - before;
        self.known.insert(name, Some((Arc::clone(&node), nodes)));
        Ok((node, text))
    }
}

/// The full name of a named type, and the space its own names are in.
fn declared_name(json: &Json, space: &str) -> Result<(String, String), SchemaFault> {
    let Some(name) = json.get("name").and_then(Json::as_str) else {
        return bad("a named type has no name");
    };
    let space = json.get("namespace").and_then(Json::as_str).unwrap_or(space);
    let full = full_name(name, space);
    let space = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
    Ok((full, space))
}

fn full_name(name: &str, space: &str) -> String {
    if name.contains('.') || space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}

fn replaced(json: &Json, key: &str, value: Json) -> Json {
    let mut value = Some(value);
    match json {
        Json::Object(members) => Json::Object(
            members
                .iter()
                .filter_map(|(name, old)| {
                    let new = if name == key { value.take()? } else { old.clone() };
                    Some((name.clone(), new))
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

fn without_logical(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let kept = members.iter().filter(|(name, _)| name != "logicalType");
            Json::Object(kept.cloned().collect())
        }
        other => other.clone(),
    }
}

/// What a logical type makes of a primitive one; those that do not fit are ignored, as specified.
fn primitive_logical(json: &Json, plain: &Node) -> Option<Node> {
    let logical = json.get("logicalType").and_then(Json::as_str);
    Some(match (logical?, plain) {
        ("date", Node::Int) => Node::Date,
        ("time-millis", Node::Int) => Node::TimeMillis,
        ("time-micros", Node::Long) => Node::TimeMicros,
        ("timestamp-millis", Node::Long) => Node::Timestamp(TimeUnit::Millisecond, true),
        ("timestamp-micros", Node::Long) => Node::Timestamp(TimeUnit::Microsecond, true),
        ("timestamp-nanos", Node::Long) => Node::Timestamp(TimeUnit::Nanosecond, true),
        ("local-timestamp-millis", Node::Long) => Node::Timestamp(TimeUnit::Millisecond, false),
        ("local-timestamp-micros", Node::Long) => Node::Timestamp(TimeUnit::Microsecond, false),
        ("local-timestamp-nanos", Node::Long) => Node::Timestamp(TimeUnit::Nanosecond, false),
        ("uuid", Node::Text) => Node::Uuid,
        ("decimal", Node::Bytes) => {
            let (precision, scale) = decimal(json)?;
            Node::Decimal { name: None, precision, scale, size: None }
        }
        _ => return None,
    })
}

fn fixed_logical(json: &Json, name: &str, size: usize) -> Option<Node> {
    match json.get("logicalType").and_then(Json::as_str)? {
        "decimal" if (1..=32).contains(&size) => {
            let (precision, scale) = decimal(json)?;
            // log10(2) of the bits without the sign
            let most = ((size * 8 - 1) as f64 * std::f64::consts::LOG10_2).floor() as usize;
            (usize::from(precision) <= most).then(|| Node::Decimal {
                name: Some(name.to_owned()),
                precision,
                scale,
                size: Some(size),
            })
        }
        "duration" if size == 12 => Some(Node::Duration { name: name.to_owned() }),
        _ => None,
    }
}

fn decimal(json: &Json) -> Option<(u8, i8)> {
    let precision = json.get("precision")?.as_u64()?;
    let scale = json.get("scale").map_or(Some(0), Json::as_u64)?;
    ((1..=76).contains(&precision) && scale <= precision).then_some((precision as u8, scale as i8))
}
