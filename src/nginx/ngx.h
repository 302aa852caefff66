// nginx's headers, once, as C. Every file of this folder includes this first.
#pragma once

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

extern ngx_module_t ngx_http_aigw_module;
}
