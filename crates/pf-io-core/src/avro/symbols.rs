//! Text columns written as Avro enums: a row is the place of its symbol in the schema's list.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type};
use arrow_avro::schema::AVRO_ENUM_SYMBOLS_METADATA_KEY;

use super::json::Json;
use super::schema::Node;
use crate::batch::type_name;

/// The symbols of one enum.
#[derive(Debug, Clone)]
pub(super) struct Symbols {
    list: Arc<StringArray>,
    places: Arc<HashMap<String, i32>>,
}

/// The symbols of an enum, also of one that may be null.
pub(super) fn of(node: &Node) -> Option<&[String]> {
    match node {
        Node::Enum { symbols, .. } => Some(symbols),
        Node::Nullable { inner, .. } => of(inner),
        _ => None,
    }
}

impl Symbols {
    /// Symbols are distinct names.
    pub fn new(names: &[String]) -> Result<Self, String> {
        let mut places = HashMap::with_capacity(names.len());
        for (place, name) in (0..).zip(names) {
            if !super::write::is_avro_name(name) {
                return Err(format!("'{name}' cannot be a symbol of an enum"));
            }
            if places.insert(name.clone(), place).is_some() {
                return Err(format!("an enum has the symbol '{name}' twice"));
            }
        }
        let list = Arc::new(names.iter().map(Some).collect::<StringArray>());
        Ok(Self { list, places: Arc::new(places) })
    }

    /// `field`, a text, as one that is written as this enum.
    pub fn field(&self, field: &Field) -> Result<Field, String> {
        if !matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
            let has = type_name(field.data_type());
            return Err(format!("column '{}' is {has}, not an enum's text", field.name()));
        }
        let names = self.list.iter().flatten().map(|name| Json::Text(name.to_owned()));
        let mut text = String::new();
        Json::Array(names.collect()).write(&mut text);
        let metadata = HashMap::from([(AVRO_ENUM_SYMBOLS_METADATA_KEY.to_owned(), text)]);
        Ok(field.clone().with_data_type(keys_type()).with_metadata(metadata))
    }

    /// The places of the values of `array`, texts or a dictionary of texts.
    pub fn keys(&self, array: &ArrayRef) -> Result<ArrayRef, String> {
        let mut array = Arc::clone(array);
        if !matches!(array.data_type(), DataType::Dictionary(..)) {
            array = cast(&array, &DataType::Utf8).map_err(|error| error.to_string())?;
        }
        let array = cast(&array, &keys_type()).map_err(|error| error.to_string())?;
        let array = array.as_dictionary::<Int32Type>();
        let values = array.values().as_string::<i32>();
        let places: Vec<Option<i32>> = values
            .iter()
            .map(|value| value.and_then(|value| self.places.get(value).copied()))
            .collect();
        let mut keys = Vec::with_capacity(array.len());
        for key in array.keys() {
            // A key may also lead to a null.
            let key = key.and_then(|key| usize::try_from(key).ok());
            let key = key.filter(|&key| values.is_valid(key));
            keys.push(match key {
                None => None,
                Some(key) => {
                    Some(
                        places.get(key).copied().flatten().ok_or_else(|| {
                            format!("the enum has no symbol '{}'", values.value(key))
                        })?,
                    )
                }
            });
        }
        let list = Arc::clone(&self.list) as ArrayRef;
        let keyed = DictionaryArray::try_new(Int32Array::from(keys), list);
        Ok(Arc::new(keyed.map_err(|error| error.to_string())?))
    }
}

/// The derived schema `text` without the symbols that arrow-avro repeats beside an enum.
pub(super) fn once(text: String) -> String {
    let Ok(Json::Object(mut record)) = Json::parse(&text) else { return text };
    for (_, value) in record.iter_mut().filter(|(key, _)| key == "fields") {
        let Json::Array(fields) = value else { continue };
        for field in fields {
            if let Json::Object(members) = field {
                members.retain(|(key, _)| key != AVRO_ENUM_SYMBOLS_METADATA_KEY);
            }
        }
    }
    let mut text = String::new();
    Json::Object(record).write(&mut text);
    text
}

fn keys_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}
