//! Arbitrary edge tables, checked by `pf_graph_core::verify` and by a serial account of what the
//! options leave of the edges.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, DictionaryArray,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray,
    LargeStringArray, PrimitiveArray, StringArray, StringViewArray, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, Int8Type, Int64Type, UInt16Type};
use pf_graph_core::verify::{Edges, check_csr, check_ids, check_transpose};
use pf_graph_core::{
    BuildOptions, Control, Duplicates, Graph, GraphError, IdOrder, Nulls, SelfLoops,
};

static NEVER: AtomicBool = AtomicBool::new(false);

/// Takes an input apart; zeros when it is used up.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }

    fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}

/// Builds from index columns, from the same as a table, and from ready rows.
pub fn build(bytes: &[u8]) {
    let mut input = Input(bytes);
    let options = options(&mut input);
    let weighted = input.pick(&[false, true]);
    let n = usize::from(input.byte()) % 24;
    let reach = input.pick(&[n, n + 1]);
    let (mut src, mut dst, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    while !input.is_over() {
        let ends = [input.byte(), input.byte()];
        let [u, v] = ends.map(|end| i64::try_from(usize::from(end) % reach.max(1)).unwrap_or(0));
        src.push(if input.0.len() == 1 { -u } else { u });
        dst.push(v);
        let far = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0, 1e300];
        let byte = input.byte();
        weights.push(far.get(usize::from(byte)).copied().unwrap_or(f64::from(byte) - 40.0));
    }
    let weight = weighted.then_some(&weights[..]);
    let expected = expected(n, (&src, &dst, weight), &options);
    let narrow = |column: &[i64]| column.iter().map(|&v| v as i32).collect::<Vec<_>>();
    let control = Control::new(&NEVER);
    let built = [
        Graph::from_arrays(&src, &dst, weight, n, &options, &control),
        Graph::from_arrays(&narrow(&src), &narrow(&dst), weight, n, &options, &control),
    ];
    for graph in built {
        match (&graph, &expected) {
            (Ok(graph), Some(edges)) => judge(graph, edges, n, &options),
            (Err(_), None) => {}
            (Ok(_), None) => panic!("a bad edge was taken"),
            (Err(error), Some(_)) => panic!("good edges were refused: {error}"),
        }
    }
    if let Some(edges) = &expected {
        let column = |v: &[i64]| -> ArrayRef { Arc::new(Int64Array::from(v.to_vec())) };
        let weights: Option<ArrayRef> =
            weight.map(|weights| Arc::new(Float64Array::from(weights.to_vec())) as ArrayRef);
        let vertices = column(&(0..n as i64).collect::<Vec<_>>());
        let graph = Graph::build(
            &[column(&src)],
            &[column(&dst)],
            weights.as_ref().map(std::slice::from_ref),
            Some(&[vertices]),
            &options,
            &control,
        );
        judge(&graph.expect("good edges of a table"), edges, n, &options);
    }
    rows(bytes);
}

/// What is left of the edges, or `None` if the build must refuse them.
struct Left {
    rows: Vec<u32>,
    src: Vec<u32>,
    dst: Vec<u32>,
    weights: Option<Vec<f64>>,
}

fn expected(
    n: usize,
    (src, dst, weights): (&[i64], &[i64], Option<&[f64]>),
    options: &BuildOptions,
) -> Option<Left> {
    let is_vertex = |&v: &i64| usize::try_from(v).is_ok_and(|v| v < n);
    let is_weight = |w: &f64| !w.is_nan() && *w != f64::NEG_INFINITY;
    if !src.iter().all(is_vertex) || !dst.iter().all(is_vertex) {
        return None;
    }
    if !weights.unwrap_or_default().iter().all(is_weight) {
        return None;
    }
    let mut edges: Vec<usize> = (0..src.len()).collect();
    let is_loop = |&edge: &usize| src[edge] == dst[edge];
    match options.self_loops {
        SelfLoops::Error if edges.iter().any(is_loop) => return None,
        SelfLoops::Drop => edges.retain(|edge| !is_loop(edge)),
        _ => {}
    }
    let weight = |edge: usize| weights.map_or(1.0, |weights| weights[edge]);
    let mut merged: HashMap<usize, f64> = HashMap::new();
    if options.duplicates != Duplicates::Keep {
        let mut groups: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
        for &edge in &edges {
            let (u, v) = (src[edge], dst[edge]);
            let pair = if options.directed { (u, v) } else { (u.min(v), u.max(v)) };
            groups.entry(pair).or_default().push(edge);
        }
        if options.duplicates == Duplicates::Error && groups.values().any(|group| group.len() > 1) {
            return None;
        }
        edges = groups
            .into_values()
            .map(|group| {
                let mut best = group[0];
                for &edge in &group {
                    match options.duplicates {
                        Duplicates::Min if weight(edge) < weight(best) => best = edge,
                        Duplicates::Max if weight(edge) > weight(best) => best = edge,
                        Duplicates::Last => best = edge,
                        _ => {}
                    }
                }
                let sum = group.iter().map(|&edge| weight(edge)).sum();
                merged.insert(best, sum);
                best
            })
            .collect();
        edges.sort_unstable();
    }
    let is_sum = options.duplicates == Duplicates::Sum;
    let left = |edge: &usize| if is_sum { merged[edge] } else { weight(*edge) };
    Some(Left {
        rows: edges.iter().map(|&edge| edge as u32).collect(),
        src: edges.iter().map(|&edge| src[edge] as u32).collect(),
        dst: edges.iter().map(|&edge| dst[edge] as u32).collect(),
        weights: (weights.is_some() || is_sum).then(|| edges.iter().map(left).collect()),
    })
}

fn judge(graph: &Graph, left: &Left, n: usize, options: &BuildOptions) {
    let edges = Edges {
        num_vertices: n,
        src: &left.src,
        dst: &left.dst,
        weight: left.weights.as_deref(),
        directed: options.directed,
    };
    let is_stable = options.id_order == IdOrder::Appearance;
    assert_eq!(check_csr(&edges, graph.out(), is_stable), Ok(()));
    assert_eq!(graph.num_edges(), left.src.len());
    let control = Control::new(&NEVER);
    let incoming = graph.incoming(&control).expect("no cancel");
    if options.directed {
        assert_eq!(check_transpose(graph.out(), incoming), Ok(()));
    }
    let Some(rows) = graph.edge_rows() else {
        assert!(!options.edge_rows);
        return;
    };
    assert_eq!(rows.len(), graph.out().num_arcs());
    for v in 0..n as u32 {
        let offsets = graph.out().offsets();
        let arcs = offsets[v as usize] as usize..offsets[v as usize + 1] as usize;
        for (&row, &to) in rows[arcs.clone()].iter().zip(&graph.out().targets()[arcs]) {
            let edge = left.rows.binary_search(&row).expect("the row of an edge that is left");
            let ends = (left.src[edge], left.dst[edge]);
            assert!(ends == (v, to) || (!options.directed && ends == (to, v)));
        }
    }
}

/// Rows as they are.
fn rows(bytes: &[u8]) {
    let mut input = Input(bytes);
    let directed = input.pick(&[true, false]);
    let n = usize::from(input.byte()) % 12;
    let mut offsets = vec![u64::from(input.byte() == 255)];
    for _ in 0..n {
        let last = offsets[offsets.len() - 1];
        let step = input.byte();
        offsets.push(if step == 255 { input.number() } else { last.saturating_add(u64::from(step % 4)) });
    }
    if input.byte() == 255 {
        offsets.pop();
    }
    let len = offsets
        .last()
        .map_or(0, |&last| (last as usize % 64).saturating_sub(usize::from(input.byte() == 255)));
    let targets: Vec<u32> = (0..len)
        .map(|_| match input.byte() {
            255 => input.number() as u32,
            byte => u32::from(byte) % n.max(1) as u32,
        })
        .collect();
    let is_valid = offsets.first() == Some(&0)
        && offsets.is_sorted()
        && offsets.last() == Some(&(len as u64))
        && targets.iter().all(|&target| (target as usize) < offsets.len() - 1);
    let control = Control::new(&NEVER);
    let made = Graph::from_csr(offsets.clone(), targets.clone(), None, directed, &control);
    let tails: Vec<u32> = match is_valid {
        true => (0..offsets.len() as u32 - 1)
            .flat_map(|v| {
                let row = offsets[v as usize]..offsets[v as usize + 1];
                row.map(move |_| v)
            })
            .collect(),
        false => Vec::new(),
    };
    let mut arcs: Vec<(u32, u32)> = tails.iter().copied().zip(targets.iter().copied()).collect();
    let mut turned: Vec<(u32, u32)> = arcs.iter().map(|&(u, v)| (v, u)).collect();
    arcs.sort_unstable();
    turned.sort_unstable();
    assert_eq!(made.is_ok(), is_valid && (directed || arcs == turned));
    let Ok(graph) = made else { return };
    assert_eq!((graph.out().offsets(), graph.out().targets()), (&offsets[..], &targets[..]));
    let incoming = graph.incoming(&control).expect("no cancel");
    if directed {
        assert_eq!(check_transpose(graph.out(), incoming), Ok(()));
    }
}

/// Maps the ids of arbitrary arrays, plain, coded and in chunks.
pub fn ids(bytes: &[u8]) {
    let mut input = Input(bytes);
    let kind = input.byte() % 17;
    let other = if input.byte() == 255 { input.byte() % 17 } else { kind };
    let options = BuildOptions {
        id_order: input.pick(&[IdOrder::Appearance, IdOrder::Sorted]),
        nulls: input.pick(&[Nulls::Error, Nulls::Drop]),
        ..BuildOptions::default()
    };
    let given = input.pick(&[false, true]);
    let mut names = [Vec::new(), Vec::new(), Vec::new()];
    let codings = [0; 3].map(|_: u8| input.byte());
    let cuts = [0; 3].map(|_: u8| usize::from(input.byte() % 16));
    let has_null = input.byte() == 255;
    while !input.is_over() {
        for (side, names) in names.iter_mut().enumerate() {
            if side < 2 || input.byte() & 1 == 0 {
                names.push(Some(Name::read(&mut input)));
            }
        }
    }
    if has_null && !names[0].is_empty() {
        names[0][0] = None;
    }
    let kinds = [kind, other, other];
    let [src, dst, vertices] = [0, 1, 2].map(|i| column(kinds[i], &names[i], cuts[i], codings[i]));
    let control = Control::new(&NEVER);
    let vertices = if given { &vertices[..] } else { &[] };
    let built = Graph::build(&src, &dst, None, given.then_some(vertices), &options, &control);
    let graph = match built {
        Ok(graph) => graph,
        Err(GraphError::IdTypesDiffer { .. }) => {
            assert_ne!(kind, other);
            return;
        }
        Err(GraphError::NullEndpoint { .. }) => {
            assert!(has_null);
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let (src, dst) = if has_null && !names[0].is_empty() {
        assert_eq!(options.nulls, Nulls::Drop);
        let left = |i: usize| column(kinds[i], &names[i][1..], cuts[i], codings[i]);
        (left(0), left(1))
    } else {
        (src, dst)
    };
    let columns = [&src[..], &dst[..], vertices];
    let (tails, heads) = check_ids(columns, graph.ids(), options.id_order).expect("right ids");
    let n = graph.num_vertices();
    let edges = Edges { num_vertices: n, src: &tails, dst: &heads, weight: None, directed: true };
    assert_eq!(check_csr(&edges, graph.out(), options.id_order == IdOrder::Appearance), Ok(()));
    assert!(graph.find_all(graph.ids()).into_iter().eq(0..n as i64));
}

/// What an id is made from: a number, and bytes for text.
#[derive(Clone)]
struct Name(u64, Vec<u8>);

impl Name {
    fn read(input: &mut Input) -> Self {
        let shape = input.byte();
        // Mostly few different ids, near each other or far apart.
        let number = match shape % 4 {
            0 => u64::from(input.byte() % 8),
            1 => u64::from(input.byte()) << (shape % 64),
            2 => u64::from(input.byte()).wrapping_neg(),
            _ => input.number(),
        };
        let len = usize::from(shape >> 3);
        Self(number, (0..len).map(|_| input.byte()).collect())
    }
}

fn column(kind: u8, names: &[Option<Name>], cut: usize, coding: u8) -> Vec<ArrayRef> {
    let (first, second) = names.split_at(cut.min(names.len()));
    let chunk = |names: &[Option<Name>], coding: u8| match coding % 5 {
        1 => coded::<Int8Type>(kind, names).unwrap_or_else(|| plain(kind, names)),
        2 => coded::<UInt16Type>(kind, names).unwrap_or_else(|| plain(kind, names)),
        3 => coded::<Int64Type>(kind, names).unwrap_or_else(|| plain(kind, names)),
        4 => {
            let around = [&names[..names.len().min(2)], names, &names[..0]].concat();
            plain(kind, &around).slice(around.len() - names.len(), names.len())
        }
        _ => plain(kind, names),
    };
    vec![chunk(first, coding), chunk(second, coding.rotate_left(4))]
}

/// Codes of the values in the order of their last rows, with one that no row uses; `None` where
/// the codes would not do.
fn coded<K: ArrowDictionaryKeyType>(kind: u8, names: &[Option<Name>]) -> Option<ArrayRef> {
    let mut values: Vec<Option<Name>> =
        names.iter().rev().filter(|n| n.is_some()).cloned().collect();
    values.push(Some(Name(77, b"unused".to_vec())));
    values.dedup_by(|a, b| match (a, b) {
        (Some(a), Some(b)) => a.0 == b.0 && a.1 == b.1,
        _ => false,
    });
    let code = |name: &Option<Name>| {
        let name = name.as_ref()?;
        let same =
            |value: &Option<Name>| value.as_ref().is_some_and(|v| v.0 == name.0 && v.1 == name.1);
        values.iter().position(same)
    };
    let codes: Vec<Option<K::Native>> = names
        .iter()
        .map(|name| code(name).map(K::Native::from_usize))
        .map(Option::flatten)
        .collect();
    let lost = codes.iter().zip(names).any(|(code, name)| code.is_none() && name.is_some());
    if lost {
        return None;
    }
    let codes = PrimitiveArray::<K>::from_iter(codes);
    Some(Arc::new(DictionaryArray::new(codes, plain(kind, &values))))
}

fn plain(kind: u8, names: &[Option<Name>]) -> ArrayRef {
    let numbers = names.iter().map(|name| name.as_ref().map(|name| name.0));
    let texts = names
        .iter()
        .map(|name| name.as_ref().map(|name| String::from_utf8_lossy(&name.1).into_owned()));
    let bytes = names.iter().map(|name| name.as_ref().map(|name| name.1.clone()));
    macro_rules! integers {
        ($array:ident, $native:ty) => {
            Arc::new($array::from_iter(numbers.map(|number| number.map(|v| v as $native))))
        };
    }
    match kind {
        0 => integers!(Int8Array, i8),
        1 => integers!(Int16Array, i16),
        2 => integers!(Int32Array, i32),
        3 => integers!(Int64Array, i64),
        4 => integers!(UInt8Array, u8),
        5 => integers!(UInt16Array, u16),
        6 => integers!(UInt32Array, u32),
        7 => integers!(UInt64Array, u64),
        8 => integers!(Date32Array, i32),
        9 => Arc::new(BooleanArray::from_iter(numbers.map(|number| number.map(|v| v & 1 == 1)))),
        10 => Arc::new(StringArray::from_iter(texts)),
        11 => Arc::new(LargeStringArray::from_iter(texts)),
        12 => Arc::new(StringViewArray::from_iter(texts)),
        13 => Arc::new(BinaryArray::from_iter(bytes)),
        14 => Arc::new(LargeBinaryArray::from_iter(bytes)),
        15 => Arc::new(BinaryViewArray::from_iter(bytes)),
        _ => integers!(Int64Array, i64),
    }
}

fn options(input: &mut Input) -> BuildOptions {
    use Duplicates::{Error, First, Keep, Last, Max, Min, Sum};
    BuildOptions {
        directed: input.pick(&[true, false]),
        id_order: input.pick(&[IdOrder::Appearance, IdOrder::Sorted]),
        duplicates: input.pick(&[Keep, Sum, Min, Max, First, Last, Error]),
        self_loops: input.pick(&[SelfLoops::Keep, SelfLoops::Drop, SelfLoops::Error]),
        edge_rows: input.pick(&[false, true]),
        ..BuildOptions::default()
    }
}
