"""A collector of OpenTelemetry's, by OTLP over gRPC: it keeps the spans and the log records that it is sent."""

import threading
import time
from concurrent import futures

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

import envoy_config
import ports

PATIENCE = 20  # seconds


class Collector:
    """And a patch: the sample's cluster of the collector is this one."""

    def __init__(self):
        self.spans, self.logs, self.resources = [], [], []
        self.changed = threading.Condition()
        self.port = ports.hold()
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
        self.server.add_generic_rpc_handlers(
            [
                service("trace.v1.TraceService", trace_service_pb2, "Trace", self.take_spans),
                service("logs.v1.LogsService", logs_service_pb2, "Logs", self.take_logs),
            ]
        )
        assert self.server.add_insecure_port(f"127.0.0.1:{self.port}") == self.port
        self.server.start()

    def __call__(self, config):
        [cluster] = [found for found in config["static_resources"]["clusters"] if found["name"] == "otlp"]
        [host] = envoy_config.hosts(cluster)
        host["endpoint"]["address"]["socket_address"]["port_value"] = self.port
        # Spans are sent every five seconds otherwise.
        soon = {"tracing.opentelemetry.flush_interval_ms": 100}
        config["layered_runtime"] = {"layers": [{"name": "soon", "static_layer": soon}]}

    def stop(self):
        self.server.stop(grace=None).wait()

    def take_spans(self, request, context):
        del context
        with self.changed:
            for of_resource in request.resource_spans:
                self.resources.append(members(of_resource.resource.attributes))
                self.spans += [span for of_scope in of_resource.instrumentation_library_spans for span in of_scope.spans]
            self.changed.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def take_logs(self, request, context):
        del context
        with self.changed:
            for of_resource in request.resource_logs:
                self.resources.append(members(of_resource.resource.attributes))
                self.logs += [record for of_scope in of_resource.instrumentation_library_logs for record in of_scope.logs]
            self.changed.notify_all()
        return logs_service_pb2.ExportLogsServiceResponse()

    def forget(self):
        """What was sent until now is of no interest."""
        with self.changed:
            self.logs.clear()

    def request(self, spans):
        """The one log record since `forget`, and the spans of its request once there are so many: its own, then its attempts'."""
        until = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                of_request = [span for span in self.spans if self.logs and span.trace_id == self.logs[0].trace_id]
                if len(of_request) >= spans:
                    break
                assert self.changed.wait(until - time.monotonic()), (len(self.logs), len(of_request), len(self.spans))
        time.sleep(0.3)
        [log] = self.logs
        [own] = [span for span in of_request if span.span_id == log.span_id]
        assert len(of_request) == spans, of_request
        return log, own, [span for span in of_request if span is not own]


def service(name, messages, kind, take):
    method = grpc.unary_unary_rpc_method_handler(
        take,
        getattr(messages, f"Export{kind}ServiceRequest").FromString,
        getattr(messages, f"Export{kind}ServiceResponse").SerializeToString,
    )
    return grpc.method_handlers_generic_handler(f"opentelemetry.proto.collector.{name}", {"Export": method})


def members(attributes):
    return {attribute.key: attribute.value.string_value for attribute in attributes}
