/// What was measured, as a page.
library;

import 'dart:io';

/// Whether this is only to see that it runs.
final quick = Platform.environment['K1S0_QUICK'] == '1';

/// A line of the table: nanoseconds per call; `limit` is how often `beside` it may be.
final class Row {
  Row(this.name, this.nanoseconds, {this.beside, this.limit});

  final String name;
  final double nanoseconds;
  final String? beside;
  final double? limit;

  double? get times {
    final other = rows.where((row) => row.name == beside).firstOrNull;
    return other == null ? null : nanoseconds / other.nanoseconds;
  }
}

final rows = <Row>[];

/// Whether every limit is kept.
bool get reached => rows.every((row) => row.limit == null || row.times! <= row.limit!);

double median(List<double> times) => (times..sort())[times.length ~/ 2];

String reportOf(String version) {
  final lines = [
    '# Dart',
    '',
    'Written by `cargo xtask bench dart`. Nanoseconds per call, medians of rounds; compare within this page only. The breaker',
    '*written in Dart* is `bench/dart/plain.dart`: pub has no well-kept one.',
    '',
    'Dart $version.',
    '',
    '| | ns | beside the one in Dart | limit |',
    '| --- | ---: | ---: | ---: |',
    for (final row in rows)
      '| ${row.name} | ${row.nanoseconds.toStringAsFixed(1)} | ${row.times?.toStringAsFixed(2) ?? ''} | ${row.limit ?? ''} |',
  ];
  return '${lines.join('\n')}\n';
}
