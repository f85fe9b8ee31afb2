import 'clock.dart';
import 'config.dart';
import 'state.dart';

/// What a breaker is doing, why, and what would change it, at one moment. [toString] are some lines for a person, which
/// any release may put differently.
final class Explanation {
  /// The library's JSON and its lines.
  Explanation(this.json, this._lines, this.name);

  /// All of it, in the library's names: also the rules, the window's content, and the last transitions with the counts that
  /// caused them. Times are nanoseconds, `…_ns`, fractions parts in a million, `…_ppm`.
  final Map<String, Object?> json;

  /// The breaker's name, if it has one.
  final String? name;

  final String _lines;

  /// The state.
  CircuitState get state => _state('state');

  /// Whether a forced mode is on.
  bool get forced => json['forced'] == true;

  /// The state that `automatic()` would bring back.
  CircuitState get automaticState => _state('automatic_state');

  /// Whether it decides and tells, but rejects nothing.
  bool get shadow => json['shadow'] == true;

  /// 1 at first, one more after each transition.
  int get epoch => json['epoch']! as int;

  /// Why a call now would be rejected; null if it would not.
  RejectReason? get wouldReject {
    final reason = json['would_reject'];
    return reason == null ? null : RejectReason.values.byName(camelCase(reason as String));
  }

  /// What would change the state, a sentence each.
  List<String> get needs => [
    for (final need in json['needs']! as List<Object?>) (need! as Map<String, Object?>)['text']! as String,
  ];

  /// What is left of the wait; null where there is none, or it never ends.
  Duration? get remainingWait {
    final wait = json['remaining_wait_ns'];
    return wait is int ? waitOf(wait) : null;
  }

  CircuitState _state(String field) {
    final name = json[field]! as String;
    return CircuitState.values.byName(name[0].toLowerCase() + name.substring(1));
  }

  @override
  String toString() => _lines;
}
