import 'state.dart';

/// What a breaker is doing, why, and what would change it, at one moment. [toString] are some lines for a person, which
/// any release may put differently.
final class Explanation {
  /// The library's JSON and its lines.
  Explanation(this.json, this._lines, this.name);

  /// All of it, in the library's names: state, rules, the window's content, what is left of the wait, and the last
  /// transitions with the counts that caused them. Times are nanoseconds, `…_ns`, fractions parts in a million, `…_ppm`.
  final Map<String, Object?> json;

  /// The breaker's name, if it has one.
  final String? name;

  final String _lines;

  @override
  String toString() => _lines;
}
