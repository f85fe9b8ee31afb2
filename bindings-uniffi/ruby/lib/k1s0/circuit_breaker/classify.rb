# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # What a status or an error says about a service's health. The tables are core's, the same in every language.
    module Classify
      INTEGERS = (-(2**31)..((2**31) - 1))

      module_function

      # What an HTTP status counts as: 5xx but for 501 and 505, 408, 429 and what is no status are failures, 425 is ignored,
      # everything else is a success.
      def http_status(status)
        OUTCOMES[K1s0CircuitBreaker.classify_http_status(INTEGERS.cover?(status) ? status : 0)]
      end

      # What a gRPC status code counts as, if it came from the server or the client library made it of a deadline or a broken
      # connection.
      def grpc_status(code)
        OUTCOMES[K1s0CircuitBreaker.classify_grpc_status(INTEGERS.cover?(code) ? code : -1)]
      end

      # What one of TRANSPORT_ERRORS counts as: a failure, but for the caller's own doing.
      def transport_error(error)
        number = TRANSPORT_ERRORS.index(error)
        raise ArgumentError, "no transport error #{error.inspect}; there are #{TRANSPORT_ERRORS}" unless number

        OUTCOMES[K1s0CircuitBreaker.classify_transport_error(number)]
      end

      # For how many seconds an HTTP response asks not to be called, by its `Retry-After` and `Date` as they came; nil where it
      # asks for nothing, or for what cannot be read.
      def http_retry_after(status, retry_after, date = nil)
        return nil unless retry_after

        wait = K1s0CircuitBreaker.http_retry_after(status, retry_after, date)
        wait&.fdiv(1_000_000_000)
      end

      # For `classify_result` of a breaker whose blocks answer a Net::HTTPResponse.
      NET_HTTP = lambda do |response|
        outcome = http_status(response.code.to_i)
        next outcome unless outcome == :failure

        Verdict.new(outcome, http_retry_after(response.code.to_i, response['Retry-After'], response['Date']))
      end
    end
  end
end
