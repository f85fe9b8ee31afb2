# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # In the order of the library's numbers; a test compares them with conformance/constants.json.

    # The states: calls go through; are rejected until the wait is over; a few go through as probes.
    STATES = %i[closed open half_open].freeze
    # How a call ended: the service is able to do its work; it is not; the result says nothing about it; the caller gave up.
    OUTCOMES = %i[success failure ignored cancelled].freeze
    # What a settlement did. `:stale`: the state has changed since the permit was given, and only the stale total grew.
    EFFECTS = %i[applied stale already_settled shadowed].freeze
    # Why the state changed.
    REASONS = %i[
      failure_threshold timeout_elapsed success_threshold probe_failed probe_timeout failure_rate slow_call_rate reset trip
      forced automatic
    ].freeze
    # Why a call was rejected.
    REJECT_REASONS = %i[open half_open forced_open].freeze
    # What ended a call that has no status.
    TRANSPORT_ERRORS = %i[connect tls reset timeout cancelled invalid_request].freeze
  end
end
