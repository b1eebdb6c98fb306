//! Edge rows become the right rows of a CSR, whatever the threads and the order.

mod common;

use common::{GO, Rows, bits, ints, large, on_any_threads, rows};
use pf_graph_core::verify::{check_csr, check_transpose};
use pf_graph_core::{BuildOptions, Graph, IdOrder};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn rows_hold_the_edges(rows in rows(-9.0..9.0f64)) {
        for (order, is_stable) in [(IdOrder::Appearance, true), (IdOrder::Sorted, false)] {
            let graph = rows.graph(order);
            prop_assert_eq!(graph.num_vertices(), rows.n as usize);
            prop_assert_eq!(graph.num_edges(), rows.src.len());
            prop_assert_eq!(check_csr(&rows.edges(), graph.out(), is_stable), Ok(()));
            let incoming = graph.incoming(&GO).unwrap();
            if rows.directed {
                prop_assert_eq!(check_transpose(graph.out(), incoming), Ok(()));
            } else {
                prop_assert!(std::ptr::eq(graph.out(), incoming));
            }
        }
    }

    #[test]
    fn sorted_graphs_do_not_depend_on_row_order(
        (rows, order) in rows(-9.0..9.0f64).prop_flat_map(|rows| {
            let order: Vec<usize> = (0..rows.src.len()).collect();
            (Just(rows), Just(order).prop_shuffle())
        })
    ) {
        let (one, other) = (rows.graph(IdOrder::Sorted), rows.shuffled(&order).graph(IdOrder::Sorted));
        prop_assert_eq!(one.out(), other.out());
        prop_assert_eq!(one.ids(), other.ids());
    }
}

#[test]
fn many_threads_build_the_same_rows() {
    for directed in [true, false] {
        let rows = large(directed);
        for (order, is_stable) in [(IdOrder::Appearance, true), (IdOrder::Sorted, false)] {
            on_any_threads(|| {
                let graph = rows.graph(order);
                let incoming = graph.incoming(&GO).unwrap();
                (graph.out().clone(), incoming.clone(), bits(incoming.weights().unwrap()))
            });
            let graph = rows.graph(order);
            assert_eq!(check_csr(&rows.edges(), graph.out(), is_stable), Ok(()));
            if directed {
                assert_eq!(check_transpose(graph.out(), graph.incoming(&GO).unwrap()), Ok(()));
            }
        }
    }
}

#[test]
fn chunks_need_not_align() {
    let src = [ints([5, 6]), ints([]), ints([7])];
    let dst = [ints([6]), ints([7, 5])];
    let options = BuildOptions::default();
    let graph = Graph::build(&src, &dst, None, None, &options, &GO).unwrap();
    assert_eq!(graph.ids(), &ints([5, 6, 7]));
    assert_eq!(graph.out().targets(), [1, 2, 0]);
}

#[test]
fn an_undirected_loop_is_one_arc() {
    let graph = Rows::new(2, &[(0, 0), (0, 1)], false).graph(IdOrder::Appearance);
    assert_eq!((graph.out().row(0), graph.out().row(1)), (&[0, 1][..], &[0][..]));
    assert_eq!(graph.num_edges(), 2);
}

#[test]
fn empty_tables_make_empty_graphs() {
    for order in [IdOrder::Appearance, IdOrder::Sorted] {
        let options = BuildOptions { id_order: order, ..BuildOptions::default() };
        for columns in [vec![], vec![ints([])]] {
            let graph = Graph::build(&columns, &columns, None, None, &options, &GO).unwrap();
            assert_eq!((graph.num_vertices(), graph.num_edges(), graph.ids().len()), (0, 0, 0));
        }
    }
}
