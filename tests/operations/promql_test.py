import unittest

import promql


class Queries(unittest.TestCase):
    def test_selectors_and_labels_of_groupings(self):
        query = promql.Query('sum by (a, le) (rate(x_total{b="c", d=~"e|f"}[5m])) / on (g) (count(y) > 0.5) and up offset 1h')
        self.assertEqual(query.selectors, [("x_total", [("b", "=", '"c"'), ("d", "=~", '"e|f"')]), ("y", []), ("up", [])])
        self.assertEqual(query.labels, {"a", "le", "g"})
        self.assertEqual(query.every_label(), {"a", "le", "g", "b", "d"})

    def test_an_aggregation_with_its_grouping_after_it(self):
        query = promql.Query('60 * sum(rate(x{l="}"}[1m])) without (i)')
        self.assertEqual(query.selectors, [("x", [("l", "=", '"}"')])])
        self.assertEqual(query.labels, {"i"})

    def test_a_selector_can_be_written_again(self):
        self.assertEqual(promql.write("x", [("a", "=~", '"b"'), ("c", "!=", '""')]), 'x{a=~"b", c!=""}')

    def test_what_it_does_not_know_is_an_error(self):
        self.assertRaises(ValueError, promql.Query, "x ? y")


if __name__ == "__main__":
    unittest.main()
