/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generated types, events and introspection. */
#include <string.h>
#include "qapi/command.h"
#include "qapi/qapi-events.h"
#include "qapi/qapi-types.h"

static void *parse(const QapiType *t, const char *text, const char *error)
{
    g_autoptr(Error) err = NULL;
    g_autoptr(Json) j = json_parse(text, NULL);
    void *out = NULL;

    g_assert_nonnull(j);
    bool ok = qapi_from_json(t, j, NULL, &out, &err);

    g_assert_true(ok == !error);
    if (error) {
        g_assert_cmpstr(error_text(err), ==, error);
        g_assert_null(out);
    }
    return out;
}

static void round_trip(const QapiType *t, const char *text)
{
    void *v = parse(t, text, NULL);
    g_autoptr(Json) back = qapi_to_json(t, &v);
    g_autofree char *out = json_to_text(back, false);

    g_assert_cmpstr(out, ==, text);
    qapi_clear(t, &v);
    g_assert_null(v);
}

static void test_round_trips(void)
{
    round_trip(&StatusInfo_type, "{\"running\": true, \"singlestep\": false, "
               "\"status\": \"guest-panicked\"}");
    round_trip(&CpuInstanceProperties_type, "{}");
    round_trip(&CpuInfoFast_type, "{\"cpu-index\": 0, \"qom-path\": \"/x\", \"thread-id\": 12, "
               "\"props\": {\"socket-id\": -3}, \"target\": \"x86_64\"}");
    round_trip(&CpuDefinitionInfo_type, "{\"name\": \"max\", \"static\": false, "
               "\"unavailable-features\": [\"a\", \"b\"], \"typename\": \"t\", "
               "\"deprecated\": false}");
    round_trip(&MemoryInfo_type, "{\"base-memory\": 18446744073709551615}");
    round_trip(&ObjectPropertyInfo_type, "{\"name\": \"n\", \"type\": \"bool\", "
               "\"default-value\": [1, {\"x\": null}]}");
    round_trip(&SchemaInfo_type, "{\"name\": \"7\", \"meta-type\": \"array\", "
               "\"element-type\": \"5\"}");
    round_trip(&SchemaInfo_type, "{\"name\": \"7\", \"meta-type\": \"object\", \"members\": "
               "[{\"name\": \"a\", \"type\": \"int\", \"default\": null}], \"tag\": \"a\", "
               "\"variants\": []}");
}

static void test_refusals(void)
{
    static const struct { const QapiType *t; const char *in, *error; } rows[] = {
        { &BalloonInfo_type, "{}", "Parameter 'actual' is missing" },
        { &BalloonInfo_type, "{'actual':'x'}",
          "Invalid parameter type for 'actual', expected: integer" },
        { &BalloonInfo_type, "{'actual':1.5}",
          "Invalid parameter type for 'actual', expected: integer" },
        { &BalloonInfo_type, "{'actual':1,'x':2}", "Parameter 'x' is unexpected" },
        { &BalloonInfo_type, "[]", "Invalid parameter type for 'null', expected: object" },
        { &MemoryInfo_type, "{'base-memory':-1}", "Parameter 'base-memory' expects a size" },
        { &StatusInfo_type, "{'running':1,'singlestep':false,'status':'running'}",
          "Invalid parameter type for 'running', expected: boolean" },
        { &StatusInfo_type, "{'running':true,'singlestep':false,'status':'walking'}",
          "Parameter 'status' does not accept value 'walking'" },
        { &VersionInfo_type, "{'package':'','qemu':{'major':1,'minor':2,'micro':'3'}}",
          "Invalid parameter type for 'qemu.micro', expected: integer" },
        { &SchemaInfo_type, "{'name':'x','meta-type':'array'}",
          "Parameter 'element-type' is missing" },
        { &SchemaInfo_type, "{'name':'x','meta-type':'array','element-type':'y','z':1}",
          "Parameter 'z' is unexpected" },
        { &SchemaInfo_type, "{'name':'x','meta-type':'enum','values':[],'members':[{'name':3}]}",
          "Invalid parameter type for 'members[0].name', expected: string" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        parse(rows[i].t, rows[i].in, rows[i].error);
    }
}

static GString *seen;

static void sink(unsigned event, const char *name, Json *data)
{
    g_autofree char *text = data ? json_to_text(data, false) : g_strdup("-");

    g_string_append_printf(seen, "%u %s %s;", event == QAPI_EVENT_SHUTDOWN, name, text);
    json_free(data);
}

static void test_events(void)
{
    seen = g_string_new(NULL);
    qapi_event_send_stop();
    qapi_event_set_sink(sink);
    qapi_event_send_stop();
    qapi_event_send_shutdown(true, SHUTDOWN_CAUSE_GUEST_RESET);
    qapi_event_send_device_deleted(NULL, "/machine/x");
    qapi_event_set_sink(NULL);
    g_assert_cmpstr(seen->str, ==, "0 STOP -;1 SHUTDOWN {\"guest\": true, \"reason\": "
                    "\"guest-reset\"};0 DEVICE_DELETED {\"path\": \"/machine/x\"};");
    g_string_free(seen, TRUE);
}

/* Every entry is a SchemaInfo, and each type that is named is described, once. */
static void test_introspection(void)
{
    g_autoptr(Error) err = NULL;
    g_autoptr(Json) all = json_parse(qapi_schema_json, &err);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    g_assert_nonnull(all);
    for (unsigned i = 0; i < json_len(all); i++) {
        void *info = NULL;
        g_assert_true(qapi_from_json(&SchemaInfo_type, json_at(all, i), NULL, &info, &err));
        qapi_clear(&SchemaInfo_type, &info);
        const char *name = json_get_string(json_get(json_at(all, i), "name"));
        g_assert_true(g_hash_table_add(names, (char *)name));
    }
    for (unsigned i = 0; i < json_len(all); i++) {
        static const char *const refs[] = { "arg-type", "ret-type", "element-type" };
        const Json *members = json_get(json_at(all, i), "members");
        for (unsigned k = 0; k < G_N_ELEMENTS(refs); k++) {
            const char *ref = json_get_string(json_get(json_at(all, i), refs[k]));
            g_assert_true(!ref || g_hash_table_contains(names, ref));
        }
        for (unsigned k = 0; k < json_len(members); k++) {
            const char *ref = json_get_string(json_get(json_at(members, k), "type"));
            g_assert_true(!ref || g_hash_table_contains(names, ref));
        }
    }
    g_assert_true(g_hash_table_contains(names, "query-balloon"));
    g_assert_true(g_hash_table_contains(names, "HV_BALLOON_STATUS_REPORT"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qapi/round-trips", test_round_trips);
    g_test_add_func("/qapi/refusals", test_refusals);
    g_test_add_func("/qapi/events", test_events);
    g_test_add_func("/qapi/introspection", test_introspection);
    return g_test_run();
}
