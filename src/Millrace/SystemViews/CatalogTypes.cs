// PostgreSQL's types as pg_type lists them: those that Millrace has, and the ones its catalog columns and clients speak of.
namespace Millrace.Engine;

/// <summary>
/// pg_type as facts: oid, name, length, by value, kind, category, preferred, element, array, input, output, receive, send functions' oids,
/// alignment, storage, collation, and the names of the four functions.
/// </summary>
internal static class CatalogTypes
{
    /// <summary>One line a type.</summary>
    public const string Lines = """
        16 bool 1 1 b B 1 0 1000 1242 1243 2436 2437 c p 0 boolin boolout boolrecv boolsend
        17 bytea -1 0 b U 0 0 1001 1244 31 2412 2413 i x 0 byteain byteaout bytearecv byteasend
        18 char 1 1 b Z 0 0 1002 1245 33 2434 2435 c p 0 charin charout charrecv charsend
        19 name 64 0 b S 0 18 1003 34 35 2422 2423 c p 950 namein nameout namerecv namesend
        20 int8 8 1 b N 0 0 1016 460 461 2408 2409 d p 0 int8in int8out int8recv int8send
        21 int2 2 1 b N 0 0 1005 38 39 2404 2405 s p 0 int2in int2out int2recv int2send
        22 int2vector -1 0 b A 0 21 1006 40 41 2410 2411 i p 0 int2vectorin int2vectorout int2vectorrecv int2vectorsend
        23 int4 4 1 b N 0 0 1007 42 43 2406 2407 i p 0 int4in int4out int4recv int4send
        24 regproc 4 1 b N 0 0 1008 44 45 2444 2445 i p 0 regprocin regprocout regprocrecv regprocsend
        25 text -1 0 b S 1 0 1009 46 47 2414 2415 i x 100 textin textout textrecv textsend
        26 oid 4 1 b N 1 0 1028 1798 1799 2418 2419 i p 0 oidin oidout oidrecv oidsend
        28 xid 4 1 b U 0 0 1011 50 51 2440 2441 i p 0 xidin xidout xidrecv xidsend
        30 oidvector -1 0 b A 0 26 1013 54 55 2420 2421 i p 0 oidvectorin oidvectorout oidvectorrecv oidvectorsend
        114 json -1 0 b U 0 0 199 321 322 323 324 i x 0 json_in json_out json_recv json_send
        194 pg_node_tree -1 0 b Z 0 0 0 195 196 197 198 i x 100 pg_node_tree_in pg_node_tree_out pg_node_tree_recv pg_node_tree_send
        199 _json -1 0 b A 0 114 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        700 float4 4 1 b N 0 0 1021 200 201 2424 2425 i p 0 float4in float4out float4recv float4send
        701 float8 8 1 b N 1 0 1022 214 215 2426 2427 d p 0 float8in float8out float8recv float8send
        705 unknown -2 0 p X 0 0 0 109 110 2416 2417 c p 0 unknownin unknownout unknownrecv unknownsend
        1000 _bool -1 0 b A 0 16 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1001 _bytea -1 0 b A 0 17 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1002 _char -1 0 b A 0 18 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1003 _name -1 0 b A 0 19 0 750 751 2400 2401 i x 950 array_in array_out array_recv array_send
        1005 _int2 -1 0 b A 0 21 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1007 _int4 -1 0 b A 0 23 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1009 _text -1 0 b A 0 25 0 750 751 2400 2401 i x 100 array_in array_out array_recv array_send
        1014 _bpchar -1 0 b A 0 1042 0 750 751 2400 2401 i x 100 array_in array_out array_recv array_send
        1015 _varchar -1 0 b A 0 1043 0 750 751 2400 2401 i x 100 array_in array_out array_recv array_send
        1016 _int8 -1 0 b A 0 20 0 750 751 2400 2401 d x 0 array_in array_out array_recv array_send
        1021 _float4 -1 0 b A 0 700 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1022 _float8 -1 0 b A 0 701 0 750 751 2400 2401 d x 0 array_in array_out array_recv array_send
        1028 _oid -1 0 b A 0 26 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1033 aclitem 12 0 b U 0 0 1034 1031 1032 0 0 i p 0 aclitemin aclitemout - -
        1034 _aclitem -1 0 b A 0 1033 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1042 bpchar -1 0 b S 0 0 1014 1044 1045 2430 2431 i x 100 bpcharin bpcharout bpcharrecv bpcharsend
        1043 varchar -1 0 b S 0 0 1015 1046 1047 2432 2433 i x 100 varcharin varcharout varcharrecv varcharsend
        1082 date 4 1 b D 0 0 1182 1084 1085 2468 2469 i p 0 date_in date_out date_recv date_send
        1083 time 8 1 b D 0 0 1183 1143 1144 2470 2471 d p 0 time_in time_out time_recv time_send
        1114 timestamp 8 1 b D 0 0 1115 1312 1313 2474 2475 d p 0 timestamp_in timestamp_out timestamp_recv timestamp_send
        1115 _timestamp -1 0 b A 0 1114 0 750 751 2400 2401 d x 0 array_in array_out array_recv array_send
        1182 _date -1 0 b A 0 1082 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1183 _time -1 0 b A 0 1083 0 750 751 2400 2401 d x 0 array_in array_out array_recv array_send
        1184 timestamptz 8 1 b D 1 0 1185 1150 1151 2476 2477 d p 0 timestamptz_in timestamptz_out timestamptz_recv timestamptz_send
        1185 _timestamptz -1 0 b A 0 1184 0 750 751 2400 2401 d x 0 array_in array_out array_recv array_send
        1186 interval 16 0 b T 1 0 1187 1160 1161 2478 2479 d p 0 interval_in interval_out interval_recv interval_send
        1187 _interval -1 0 b A 0 1186 0 750 751 2400 2401 d x 0 array_in array_out array_recv array_send
        1231 _numeric -1 0 b A 0 1700 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        1700 numeric -1 0 b N 0 0 1231 1701 1702 2460 2461 i m 0 numeric_in numeric_out numeric_recv numeric_send
        2202 regprocedure 4 1 b N 0 0 2207 2212 2213 2446 2447 i p 0 regprocedurein regprocedureout regprocedurerecv regproceduresend
        2205 regclass 4 1 b N 0 0 2210 2218 2219 2452 2453 i p 0 regclassin regclassout regclassrecv regclasssend
        2206 regtype 4 1 b N 0 0 2211 2220 2221 2454 2455 i p 0 regtypein regtypeout regtyperecv regtypesend
        2210 _regclass -1 0 b A 0 2205 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        2211 _regtype -1 0 b A 0 2206 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        2249 record -1 0 p P 0 0 2287 2290 2291 2402 2403 d x 0 record_in record_out record_recv record_send
        2275 cstring -2 0 p P 0 0 1263 2292 2293 2500 2501 c p 0 cstring_in cstring_out cstring_recv cstring_send
        2276 any 4 1 p P 0 0 0 2294 2295 0 0 i p 0 any_in any_out - -
        2277 anyarray -1 0 p P 0 0 0 2296 2297 2502 2503 d x 0 anyarray_in anyarray_out anyarray_recv anyarray_send
        2278 void 4 1 p P 0 0 0 2298 2299 3120 3121 i p 0 void_in void_out void_recv void_send
        2279 trigger 4 1 p P 0 0 0 2300 2301 0 0 i p 0 trigger_in trigger_out - -
        2283 anyelement 4 1 p P 0 0 0 2312 2313 0 0 i p 0 anyelement_in anyelement_out - -
        2287 _record -1 0 p P 0 2249 0 750 751 2400 2401 d x 0 array_in array_out array_recv array_send
        2950 uuid 16 0 b U 0 0 2951 2952 2953 2961 2962 c p 0 uuid_in uuid_out uuid_recv uuid_send
        2951 _uuid -1 0 b A 0 2950 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        3802 jsonb -1 0 b U 0 0 3807 3806 3804 3805 3803 i x 0 jsonb_in jsonb_out jsonb_recv jsonb_send
        3807 _jsonb -1 0 b A 0 3802 0 750 751 2400 2401 i x 0 array_in array_out array_recv array_send
        3838 event_trigger 4 1 p P 0 0 0 3594 3595 0 0 i p 0 event_trigger_in event_trigger_out - -
        4089 regnamespace 4 1 b N 0 0 4090 4084 4085 4087 4088 i p 0 regnamespacein regnamespaceout regnamespacerecv regnamespacesend
        4096 regrole 4 1 b N 0 0 4097 4098 4092 4094 4095 i p 0 regrolein regroleout regrolerecv regrolesend
        """;
}
