/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backends/secret.h"
#include <string.h>

typedef enum SecretFormat { FORMAT_RAW, FORMAT_BASE64 } SecretFormat;

typedef struct Secret {
    Object parent;
    char *data, *file, *keyid, *iv;
    int format;                         /* SecretFormat */
    uint8_t *bytes;                     /* NULL until complete */
    size_t n_bytes;
} Secret;

static Secret *secret(Object *obj)
{
    return object_check(obj, TYPE_SECRET, __FILE__, __LINE__);
}

/* Strict, unlike glib's decoder, which skips what it does not know; white space may stand anywhere. */
static bool is_base64(const char *text, size_t n)
{
    size_t digits = 0, pads = 0;

    for (size_t i = 0; i < n; i++) {
        if (g_ascii_isspace(text[i])) {
            continue;
        }
        bool digit = g_ascii_isalnum(text[i]) || text[i] == '+' || text[i] == '/';
        if (text[i] == '=') {
            pads++;
        } else if (!digit || pads) {
            return false;
        } else {
            digits++;
        }
    }
    return pads <= 2 && (digits + pads) % 4 == 0;
}

/* What is no longer needed is wiped first: memory is freed, not cleared. */
static void wipe(void *bytes, size_t n)
{
    if (bytes) {
        explicit_bzero(bytes, n);
        g_free(bytes);
    }
}

static bool secret_complete(Object *obj, Error **errp)
{
    Secret *s = secret(obj);
    g_autoptr(GError) failed = NULL;
    char *text = NULL;
    gsize n = 0;

    if (s->keyid || s->iv) {
        error_setg(errp, "encrypted secrets ('keyid', 'iv') are not supported");
        return false;
    }
    if (!s->data == !s->file) {
        error_setg(errp, s->data ? "'file' and 'data' are mutually exclusive"
                                 : "Must provide 'file' or 'data' property for secret");
        return false;
    }
    if (s->file && !g_file_get_contents(s->file, &text, &n, &failed)) {
        error_setg(errp, "Unable to read secret: %s", failed->message);
        return false;
    }
    if (s->data) {
        n = strlen(s->data);
        text = g_strdup(s->data);
    }
    if (s->format == FORMAT_BASE64) {
        if (!is_base64(text, n)) {
            error_setg(errp, "%s is not valid base64", s->file ? s->file : "'data'");
            wipe(text, n);
            return false;
        }
        s->bytes = g_base64_decode(text, &s->n_bytes);
        wipe(text, n);
    } else {
        s->bytes = (uint8_t *)text;
        s->n_bytes = n;
    }
    return true;
}

const uint8_t *secret_bytes(Object *obj, size_t *n_bytes)
{
    *n_bytes = secret(obj)->n_bytes;
    return secret(obj)->bytes;
}

static void secret_finalize(Object *obj)
{
    wipe(secret(obj)->bytes, secret(obj)->n_bytes);
}

static void secret_class_init(ObjectClass *klass)
{
    ((UserCreatableClass *)klass)->complete = secret_complete;
}

static const char *const formats[] = { "raw", "base64", NULL };

static const Property secret_props[] = {
    PROP(STR, "data", Secret, data, .desc = "the bytes themselves"),
    PROP(STR, "file", Secret, file, .desc = "a file that holds them"),
    PROP(ENUM, "format", Secret, format, .names = formats, .desc = "raw or base64"),
    PROP(STR, "keyid", Secret, keyid, .desc = "not supported: secret that the bytes are encrypted with"),
    PROP(STR, "iv", Secret, iv, .desc = "not supported: initialization vector"),
    {0}
};

static const TypeInfo secret_info = {
    .name = TYPE_SECRET, .parent = TYPE_USER_CREATABLE, .size = sizeof(Secret),
    .class_init = secret_class_init, .finalize = secret_finalize, .props = secret_props,
    .desc = "a password or key",
};
TYPE_REGISTER(secret_info)
