// Each scenario through each way in, a test each; the last line is the one of the contract.

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:k1s0_circuit_breaker/src/config.dart' show camelCase;
import 'package:test/test.dart';

import 'conformance/entries.dart';
import 'conformance/player.dart';
import 'conformance/suite.dart';

const _entries = <String, Entry Function(CircuitBreaker)>{
  'permits': Permits.new,
  'settle': Settle.new,
  'call': Call.new,
  'callable': Callable.new,
};

void main() {
  final ran = <String>{};
  final failed = <String>{};

  void play(String entry, Json scenario, Future<void> Function() body) {
    final name = scenario['name']! as String;
    test('$entry::$name', () async {
      ran.add(name);
      try {
        await body();
      } catch (_) {
        failed.add(name);
        rethrow;
      }
    });
  }

  for (final scenario in scenarios()) {
    if (scenario.containsKey('refused')) {
      play('constructor', scenario, () async {
        expect(
          () => CircuitBreaker(config(scenario['config'])),
          throwsA(isA<CircuitBreakerConfigError>().having((it) => _isRefused(scenario, it), 'names it', isTrue)),
        );
      });
      continue;
    }
    for (final MapEntry(key: entry, value: enter) in _entries.entries) {
      play(entry, scenario, () => Player(scenario, enter).play());
    }
    if (_isNested(scenario)) {
      play('callSync', scenario, () async => Player(scenario, CallSync.new).playSync());
    }
  }

  tearDownAll(() {
    // ignore: avoid_print
    print('conformance: suite $suite, ${ran.length} run, ${failed.length} failed, 0 skipped');
    expect(ran.length, read('manifest.json')['scenarios']);
  });
}

/// Whether held calls end in the reverse order, as calls inside of calls do.
bool _isNested(Json scenario) {
  final held = <Object?>[];
  for (final step in (scenario['steps']! as List<Object?>).cast<Json>()) {
    final op = step['op'];
    if (op == 'acquire' && step['expect'] == 'admitted') {
      held.add(step['permit']);
    } else if ((op == 'settle' || op == 'drop') && held.contains(step['permit'])) {
      if (held.removeLast() != step['permit']) {
        return false;
      }
    }
  }
  return true;
}

/// The error names the field, the value and the range, in this language's words.
bool _isRefused(Json scenario, CircuitBreakerConfigError error) {
  final expected = scenario['refused']! as Json;
  var field = camelCase(expected['field']! as String);
  if (field == 'window') {
    field = (scenario['config']! as Json).containsKey('window_calls') ? 'windowCalls' : 'windowTime';
  }
  expect(error.field, field);
  expect(error.name, field);
  final value = expected['value'] as String?;
  if (value != null) {
    expect(_plain(error.invalidValue), _plain(num.tryParse(value) ?? value));
  }
  final range = (expected['range']! as String).replaceAllMapped(RegExp('[a-z]+(_[a-z]+)+'), (it) => camelCase(it[0]!));
  expect(error.range, range);
  expect('$error', contains('$field is '));
  expect('$error', contains('; it must be $range'));
  return true;
}

/// Numbers by their value, null as the suite calls it, everything else as it prints.
Object _plain(Object? value) => value is num ? value.toDouble() : '${value ?? 'off'}';
