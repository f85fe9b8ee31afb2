// What this package writes down of the library is what the library says.

import 'dart:io';

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:k1s0_circuit_breaker/src/config.dart' show camelCase;
import 'package:k1s0_circuit_breaker/src/library.dart' as lib;
import 'package:k1s0_circuit_breaker/src/native.dart' as native;
import 'package:test/test.dart';

import 'conformance/suite.dart';

void main() {
  final constants = read('constants.json');

  List<Json> list(String name) => (constants[name]! as List<Object?>).cast<Json>();

  setUp(() => lib.loaded);

  test('words stand at their numbers', () {
    void same(List<Enum> ours, String Function(int number) theirs) {
      for (final word in ours) {
        expect(word.name, camelCase(theirs(word.index)));
      }
      expect(theirs(ours.length), 'unknown');
    }

    same(CircuitState.values, (number) => lib.text(native.stateName(number)));
    same(Outcome.values, (number) => lib.text(native.outcomeName(number)));
    same(Effect.values, (number) => lib.text(native.effectName(number)));
    same(TransportError.values, (number) => lib.text(native.transportErrorName(number)));
    same(
      TransitionReason.values.where((it) => it != TransitionReason.other).toList(),
      (number) => lib.text(native.reasonName(number)),
    );
    same(
      RejectReason.values.where((it) => it != RejectReason.other).toList(),
      (number) => lib.text(native.rejectReasonName(number)),
    );
    expect(TransitionReason.of(77), TransitionReason.other);
    expect(RejectReason.of(0xffffffff), RejectReason.other);
  });

  test('defaults are core’s', () {
    final defaults = constants['defaults']! as Json;
    const ours = CircuitBreakerConfig();
    Duration? time(String name) => defaults[name] == null ? null : length(nanoseconds({'ms': defaults[name]})!);
    expect([ours.failureThreshold, ours.successThreshold], [defaults['failure_threshold'], defaults['success_threshold']]);
    expect([ours.timeout, ours.probeTimeout], [time('timeout_ms'), time('probe_timeout_ms')]);
    expect(ours.halfOpenMaxCalls, defaults['half_open_max_calls']);
    expect([ours.failureRate, ours.slowCallDuration], [defaults['failure_rate'], defaults['slow_call_duration_ms']]);
    expect([ours.minimumCalls, ours.slowMinimumCalls], [defaults['minimum_calls'], defaults['slow_minimum_calls']]);
    expect([ours.windowCalls, ours.windowBuckets], [defaults['window_calls'], defaults['window_buckets']]);
    expect([ours.slowCallRate, ours.backoffMultiplier], [defaults['slow_call_rate'], defaults['backoff_multiplier']]);
    expect([ours.jitter, ours.shadow, ours.countHungCalls], [defaults['jitter'], defaults['shadow'], defaults['count_hung_calls']]);
    // Left to core.
    final rules = CircuitBreaker(ours).explain().json['rules']! as Json;
    expect(rules['max_timeout_ns'], (defaults['max_timeout_ms']! as num) * 1000000);
  });

  test('numbers are the header’s', () {
    final header = File('$root/bindings-c/include/k1s0_circuit_breaker.h').readAsStringSync();
    void define(String name, int value) {
      final found = RegExp('#define K1S0_CB_$name (\\d+)').firstMatch(header)![1]!;
      expect(BigInt.parse(found).toSigned(64).toInt(), value, reason: name);
    }

    define('ABI_VERSION', native.abiVersion);
    define('MAX_NAME', native.longestName);
    define('OK', native.ok);
    define('REJECTED', native.rejected);
    define('ALREADY_SETTLED', native.alreadySettled);
    define('INVALID_CONFIG', native.invalidConfig);
    define('BUFFER_TOO_SMALL', native.bufferTooSmall);
    define('CONFIG_MISMATCH', native.configMismatch);
    define('OFF', native.off);
    define('NEVER', native.never);
    expect(native.libraryAbiVersion(), native.abiVersion);
  });

  test('HTTP statuses', () {
    for (final MapEntry(key: outcome, value: ranges) in (constants['http_status']! as Json).entries) {
      for (final range in (ranges! as List<Object?>).cast<List<Object?>>()) {
        for (var status = range[0]! as int; status <= (range[1]! as int); status += 1) {
          expect(classifyHttpStatus(status).name, outcome, reason: '$status');
        }
      }
    }
    expect(classifyHttpStatus(200 + 65536), Outcome.failure);
    expect(classifyHttpStatus(200 + (1 << 32)), Outcome.failure);
  });

  test('gRPC statuses and transport errors', () {
    for (final it in list('grpc_status')) {
      expect(classifyGrpcStatus(it['code']! as int).name, it['outcome']);
    }
    expect(classifyGrpcStatus(1 << 40), Outcome.failure);
    for (final it in list('transport_errors')) {
      expect(classifyTransportError(TransportError.values.byName(word(it['name']))).name, it['outcome']);
    }
  });
}
