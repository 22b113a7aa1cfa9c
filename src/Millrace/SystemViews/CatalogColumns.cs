// The columns of PostgreSQL 15's catalog relations that clients ask about, one line a relation, as facts rather than as code.
namespace Millrace.Engine;

/// <summary>
/// The relations' columns: <c>schema.name oid: column:type …</c>. Types: i integer (and every kind of oid), s smallint, l bigint, b boolean,
/// t text (name and "char" too), f real, d double, z timestamptz, v interval;
/// capitals are arrays, V int2vector, O oidvector. A question mark: null unless a row says else.
/// </summary>
internal static class CatalogColumns
{
    /// <summary>Relations of pg_catalog.</summary>
    public const string PgCatalog = """
        pg_namespace 2615: oid:i nspname:t nspowner:i nspacl:T?
        pg_class 1259: oid:i relname:t relnamespace:i reltype:i reloftype:i relowner:i relam:i relfilenode:i reltablespace:i relpages:i
          reltuples:f relallvisible:i reltoastrelid:i relhasindex:b relisshared:b relpersistence:t relkind:t relnatts:s relchecks:s
          relhasrules:b relhastriggers:b relhassubclass:b relrowsecurity:b relforcerowsecurity:b relispopulated:b relreplident:t
          relispartition:b relrewrite:i relfrozenxid:i relminmxid:i relacl:T? reloptions:T? relpartbound:t?
        pg_attribute 1249: attrelid:i attname:t atttypid:i attstattarget:i attlen:s attnum:s attndims:i attcacheoff:i atttypmod:i
          attbyval:b attalign:t attstorage:t attcompression:t attnotnull:b atthasdef:b atthasmissing:b attidentity:t attgenerated:t
          attisdropped:b attislocal:b attinhcount:i attcollation:i attacl:T? attoptions:T? attfdwoptions:T? attmissingval:t?
        pg_attrdef 2604: oid:i adrelid:i adnum:s adbin:t
        pg_type 1247: oid:i typname:t typnamespace:i typowner:i typlen:s typbyval:b typtype:t typcategory:t typispreferred:b
          typisdefined:b typdelim:t typrelid:i typsubscript:i typelem:i typarray:i typinput:i typoutput:i typreceive:i typsend:i typmodin:i
          typmodout:i typanalyze:i typalign:t typstorage:t typnotnull:b typbasetype:i typtypmod:i typndims:i typcollation:i typdefaultbin:t?
          typdefault:t? typacl:T?
        pg_index 2610: indexrelid:i indrelid:i indnatts:s indnkeyatts:s indisunique:b indnullsnotdistinct:b indisprimary:b
          indisexclusion:b indimmediate:b indisclustered:b indisvalid:b indcheckxmin:b indisready:b indislive:b indisreplident:b indkey:V
          indcollation:O indclass:O indoption:V indexprs:t? indpred:t?
        pg_constraint 2606: oid:i conname:t connamespace:i contype:t condeferrable:b condeferred:b convalidated:b conrelid:i contypid:i
          conindid:i conparentid:i confrelid:i confupdtype:t confdeltype:t confmatchtype:t conislocal:b coninhcount:i connoinherit:b
          conkey:S? confkey:S? conpfeqop:I? conppeqop:I? conffeqop:I? confdelsetcols:S? conexclop:I? conbin:t?
        pg_proc 1255: oid:i proname:t pronamespace:i proowner:i prolang:i procost:f prorows:f provariadic:i prosupport:i prokind:t
          prosecdef:b proleakproof:b proisstrict:b proretset:b provolatile:t proparallel:t pronargs:s pronargdefaults:s prorettype:i
          proargtypes:O proallargtypes:I? proargmodes:T? proargnames:T? proargdefaults:t? protrftypes:I? prosrc:t probin:t? prosqlbody:t?
          proconfig:T? proacl:T?
        pg_database 1262: oid:i datname:t datdba:i encoding:i datlocprovider:t datistemplate:b datallowconn:b datconnlimit:i
          datfrozenxid:i datminmxid:i dattablespace:i datcollate:t datctype:t daticulocale:t? datcollversion:t? datacl:T?
        pg_roles 12000: rolname:t? rolsuper:b? rolinherit:b? rolcreaterole:b? rolcreatedb:b? rolcanlogin:b? rolreplication:b?
          rolconnlimit:i? rolpassword:t? rolvaliduntil:z? rolbypassrls:b? rolconfig:T? oid:i?
        pg_user 12014: usename:t? usesysid:i? usecreatedb:b? usesuper:b? userepl:b? usebypassrls:b? passwd:t? valuntil:z? useconfig:T?
        pg_auth_members 1261: roleid:i member:i grantor:i admin_option:b
        pg_am 2601: oid:i amname:t amhandler:i amtype:t
        pg_settings 12104: name:t? setting:t? unit:t? category:t? short_desc:t? extra_desc:t? context:t? vartype:t? source:t? min_val:t?
          max_val:t? enumvals:T? boot_val:t? reset_val:t? sourcefile:t? sourceline:i? pending_restart:b?
        pg_collation 3456: oid:i collname:t collnamespace:i collowner:i collprovider:t collisdeterministic:b collencoding:i collcollate:t?
          collctype:t? colliculocale:t? collversion:t?
        pg_tablespace 1213: oid:i spcname:t spcowner:i spcacl:T? spcoptions:T?
        pg_language 2612: oid:i lanname:t lanowner:i lanispl:b lanpltrusted:b lanplcallfoid:i laninline:i lanvalidator:i lanacl:T?
        pg_tables 12033: schemaname:t? tablename:t? tableowner:t? tablespace:t? hasindexes:b? hasrules:b? hastriggers:b? rowsecurity:b?
        pg_views 12028: schemaname:t? viewname:t? viewowner:t? definition:t?
        pg_matviews 12038: schemaname:t? matviewname:t? matviewowner:t? tablespace:t? hasindexes:b? ispopulated:b? definition:t?
        pg_indexes 12043: schemaname:t? tablename:t? indexname:t? tablespace:t? indexdef:t?
        pg_stat_activity 12222: datid:i? datname:t? pid:i? leader_pid:i? usesysid:i? usename:t? application_name:t? client_addr:t?
          client_hostname:t? client_port:i? backend_start:z? xact_start:z? query_start:z? state_change:z? wait_event_type:t? wait_event:t?
          state:t? backend_xid:i? backend_xmin:i? query_id:l? query:t? backend_type:t?
        pg_stat_ssl 12252: pid:i? ssl:b? version:t? cipher:t? bits:i? client_dn:t? client_serial:t? issuer_dn:t?
        pg_stat_gssapi 12256: pid:i? gss_authenticated:b? principal:t? encrypted:b?
        pg_description 2609: objoid:i classoid:i objsubid:i description:t
        pg_shdescription 2396: objoid:i classoid:i description:t
        pg_depend 2608: classid:i objid:i objsubid:i refclassid:i refobjid:i refobjsubid:i deptype:t
        pg_inherits 2611: inhrelid:i inhparent:i inhseqno:i inhdetachpending:b
        pg_policy 3256: oid:i polname:t polrelid:i polcmd:t polpermissive:b polroles:I polqual:t? polwithcheck:t?
        pg_statistic_ext 3381: oid:i stxrelid:i stxname:t stxnamespace:i stxowner:i stxstattarget:i stxkeys:S stxkind:T stxexprs:t?
        pg_publication 6104: oid:i pubname:t pubowner:i puballtables:b pubinsert:b pubupdate:b pubdelete:b pubtruncate:b pubviaroot:b
        pg_publication_rel 6106: oid:i prpubid:i prrelid:i prqual:t? prattrs:S?
        pg_publication_namespace 6237: oid:i pnpubid:i pnnspid:i
        pg_extension 3079: oid:i extname:t extowner:i extnamespace:i extrelocatable:b extversion:t extconfig:I? extcondition:T?
        pg_enum 3501: oid:i enumtypid:i enumsortorder:f enumlabel:t
        pg_range 3541: rngtypid:i rngsubtype:i rngmultitypid:i rngcollation:i rngsubopc:i rngcanonical:i rngsubdiff:i
        pg_trigger 2620: oid:i tgrelid:i tgparentid:i tgname:t tgfoid:i tgtype:s tgenabled:t tgisinternal:b tgconstrrelid:i
          tgconstrindid:i tgconstraint:i tgdeferrable:b tginitdeferred:b tgnargs:s tgattr:S tgargs:t tgqual:t? tgoldtable:t? tgnewtable:t?
        pg_rewrite 2618: oid:i rulename:t ev_class:i ev_type:t ev_enabled:t is_instead:b ev_qual:t ev_action:t
        pg_sequence 2224: seqrelid:i seqtypid:i seqstart:l seqincrement:l seqmax:l seqmin:l seqcache:l seqcycle:b
        pg_sequences 12048: schemaname:t? sequencename:t? sequenceowner:t? data_type:t? start_value:l? min_value:l? max_value:l?
          increment_by:l? cycle:b? cache_size:l? last_value:l?
        pg_foreign_table 3118: ftrelid:i ftserver:i ftoptions:T?
        pg_foreign_server 1417: oid:i srvname:t srvowner:i srvfdw:i srvtype:t? srvversion:t? srvacl:T? srvoptions:T?
        pg_foreign_data_wrapper 2328: oid:i fdwname:t fdwowner:i fdwhandler:i fdwvalidator:i fdwacl:T? fdwoptions:T?
        pg_partitioned_table 3350: partrelid:i partstrat:t partnatts:s partdefid:i partattrs:S partclass:I partcollation:I partexprs:t?
        pg_cast 2605: oid:i castsource:i casttarget:i castfunc:i castcontext:t castmethod:t
        pg_operator 2617: oid:i oprname:t oprnamespace:i oprowner:i oprkind:t oprcanmerge:b oprcanhash:b oprleft:i oprright:i oprresult:i
          oprcom:i oprnegate:i oprcode:i oprrest:i oprjoin:i
        pg_opclass 2616: oid:i opcmethod:i opcname:t opcnamespace:i opcowner:i opcfamily:i opcintype:i opcdefault:b opckeytype:i
        pg_aggregate 2600: aggfnoid:i aggkind:t aggnumdirectargs:s aggtransfn:i aggfinalfn:i aggcombinefn:i aggserialfn:i aggdeserialfn:i
          aggmtransfn:i aggminvtransfn:i aggmfinalfn:i aggfinalextra:b aggmfinalextra:b aggfinalmodify:t aggmfinalmodify:t aggsortop:i
          aggtranstype:i aggtransspace:i aggmtranstype:i aggmtransspace:i agginitval:t? aggminitval:t?
        pg_event_trigger 3466: oid:i evtname:t evtevent:t evtowner:i evtfoid:i evtenabled:t evttags:T?
        pg_locks 12073: locktype:t? database:i? relation:i? page:i? tuple:s? virtualxid:t? transactionid:i? classid:i? objid:i?
          objsubid:s? virtualtransaction:t? pid:i? mode:t? granted:b? fastpath:b? waitstart:z?
        pg_prepared_statements 12095: name:t? statement:t? prepare_time:z? parameter_types:T? from_sql:b? generic_plans:l? custom_plans:l?
        pg_cursors 12077: name:t? statement:t? is_holdable:b? is_binary:b? is_scrollable:b? creation_time:z?
        pg_stat_user_tables 12161: relid:i? schemaname:t? relname:t? seq_scan:l? seq_tup_read:l? idx_scan:l? idx_tup_fetch:l? n_tup_ins:l?
          n_tup_upd:l? n_tup_del:l? n_tup_hot_upd:l? n_live_tup:l? n_dead_tup:l? n_mod_since_analyze:l? n_ins_since_vacuum:l? last_vacuum:z?
          last_autovacuum:z? last_analyze:z? last_autoanalyze:z? vacuum_count:l? autovacuum_count:l? analyze_count:l? autoanalyze_count:l?
        pg_stat_database 12266: datid:i? datname:t? numbackends:i? xact_commit:l? xact_rollback:l? blks_read:l? blks_hit:l?
          tup_returned:l? tup_fetched:l? tup_inserted:l? tup_updated:l? tup_deleted:l? conflicts:l? temp_files:l? temp_bytes:l? deadlocks:l?
          checksum_failures:l? checksum_last_failure:z? blk_read_time:d? blk_write_time:d? session_time:d? active_time:d?
          idle_in_transaction_time:d? sessions:l? sessions_abandoned:l? sessions_fatal:l? sessions_killed:l? stats_reset:z?
        pg_user_mapping 1418: oid:i umuser:i umserver:i umoptions:T?
        pg_subscription 6100: oid:i subdbid:i subskiplsn:t subname:t subowner:i subenabled:b subbinary:b substream:b subtwophasestate:t
          subdisableonerr:b subconninfo:t subslotname:t? subsynccommit:t subpublications:T
        pg_conversion 2607: oid:i conname:t connamespace:i conowner:i conforencoding:i contoencoding:i conproc:i condefault:b
        pg_db_role_setting 2964: setdatabase:i setrole:i setconfig:T?
        pg_default_acl 826: oid:i defaclrole:i defaclnamespace:i defaclobjtype:t defaclacl:T
        pg_shadow 12005: usename:t? usesysid:i? usecreatedb:b? usesuper:b? userepl:b? usebypassrls:b? passwd:t? valuntil:z? useconfig:T?
        pg_opfamily 2753: oid:i opfmethod:i opfname:t opfnamespace:i opfowner:i
        pg_amop 2602: oid:i amopfamily:i amoplefttype:i amoprighttype:i amopstrategy:s amoppurpose:t amopopr:i amopmethod:i
          amopsortfamily:i
        pg_amproc 2603: oid:i amprocfamily:i amproclefttype:i amprocrighttype:i amprocnum:s amproc:i
        pg_ts_config 3602: oid:i cfgname:t cfgnamespace:i cfgowner:i cfgparser:i
        pg_ts_config_map 3603: mapcfg:i maptokentype:i mapseqno:i mapdict:i
        pg_ts_dict 3600: oid:i dictname:t dictnamespace:i dictowner:i dicttemplate:i dictinitoption:t?
        pg_ts_parser 3601: oid:i prsname:t prsnamespace:i prsstart:i prstoken:i prsend:i prsheadline:i prslextype:i
        pg_ts_template 3764: oid:i tmplname:t tmplnamespace:i tmplinit:i tmpllexize:i
        pg_parameter_acl 6243: oid:i parname:t paracl:T?
        pg_largeobject_metadata 2995: oid:i lomowner:i lomacl:T?
        pg_user_mappings 12142: umid:i? srvid:i? srvname:t? umuser:i? usename:t? umoptions:T?
        pg_group 12010: groname:t? grosysid:i? grolist:I?
        """;

    /// <summary>Those columns of pg_catalog with letter i that are integers; the others are oids.</summary>
    public const string Integers = """
        attstattarget attndims attcacheoff atttypmod attinhcount relpages relallvisible relfrozenxid relminmxid coninhcount typndims typtypmod
        encoding collencoding conforencoding contoencoding datconnlimit datfrozenxid datminmxid objsubid refobjsubid inhseqno pid leader_pid
        client_port bits backend_xid backend_xmin numbackends sourceline rolconnlimit stxstattarget aggtransspace aggmtransspace page transactionid
        maptokentype mapseqno level
        """;

    /// <summary>Those columns of pg_catalog that say on the wire that they are "char": drivers tell it from text, and of an empty one a byte would have to be sent.</summary>
    public const string Chars = "typtype relkind";

    /// <summary>What is called in FROM as a function, and gives the same whatever its arguments are.</summary>
    public const string Functions = """
        pg_partition_tree 3423: relid:i? parentrelid:i? isleaf:b? level:i?
        pg_options_to_table 2289: option_name:t? option_value:t?
        pg_get_keywords 1686: word:t catcode:t barelabel:b catdesc:t baredesc:t
        """;

    /// <summary>Relations of information_schema.</summary>
    public const string InformationSchema = """
        schemata 13060: catalog_name:t? schema_name:t? schema_owner:t? default_character_set_catalog:t? default_character_set_schema:t?
          default_character_set_name:t? sql_path:t?
        tables 13061: table_catalog:t? table_schema:t? table_name:t? table_type:t? self_referencing_column_name:t? reference_generation:t?
          user_defined_type_catalog:t? user_defined_type_schema:t? user_defined_type_name:t? is_insertable_into:t? is_typed:t?
          commit_action:t?
        columns 13062: table_catalog:t? table_schema:t? table_name:t? column_name:t? ordinal_position:i? column_default:t? is_nullable:t?
          data_type:t? character_maximum_length:i? character_octet_length:i? numeric_precision:i? numeric_precision_radix:i?
          numeric_scale:i? datetime_precision:i? interval_type:t? interval_precision:i? character_set_catalog:t? character_set_schema:t?
          character_set_name:t? collation_catalog:t? collation_schema:t? collation_name:t? domain_catalog:t? domain_schema:t? domain_name:t?
          udt_catalog:t? udt_schema:t? udt_name:t? scope_catalog:t? scope_schema:t? scope_name:t? maximum_cardinality:i? dtd_identifier:t?
          is_self_referencing:t? is_identity:t? identity_generation:t? identity_start:t? identity_increment:t? identity_maximum:t?
          identity_minimum:t? identity_cycle:t? is_generated:t? generation_expression:t? is_updatable:t?
        views 13063: table_catalog:t? table_schema:t? table_name:t? view_definition:t? check_option:t? is_updatable:t?
          is_insertable_into:t? is_trigger_updatable:t? is_trigger_deletable:t? is_trigger_insertable_into:t?
        table_constraints 13064: constraint_catalog:t? constraint_schema:t? constraint_name:t? table_catalog:t? table_schema:t?
          table_name:t? constraint_type:t? is_deferrable:t? initially_deferred:t? enforced:t? nulls_distinct:t?
        key_column_usage 13065: constraint_catalog:t? constraint_schema:t? constraint_name:t? table_catalog:t? table_schema:t?
          table_name:t? column_name:t? ordinal_position:i? position_in_unique_constraint:i?
        constraint_column_usage 13066: table_catalog:t? table_schema:t? table_name:t? column_name:t? constraint_catalog:t?
          constraint_schema:t? constraint_name:t?
        referential_constraints 13067: constraint_catalog:t? constraint_schema:t? constraint_name:t? unique_constraint_catalog:t?
          unique_constraint_schema:t? unique_constraint_name:t? match_option:t? update_rule:t? delete_rule:t?
        routines 13068: specific_catalog:t? specific_schema:t? specific_name:t? routine_catalog:t? routine_schema:t? routine_name:t?
          routine_type:t? module_catalog:t? module_schema:t? module_name:t? udt_catalog:t? udt_schema:t? udt_name:t? data_type:t?
          character_maximum_length:i? character_octet_length:i? character_set_catalog:t? character_set_schema:t? character_set_name:t?
          collation_catalog:t? collation_schema:t? collation_name:t? numeric_precision:i? numeric_precision_radix:i? numeric_scale:i?
          datetime_precision:i? interval_type:t? interval_precision:i? type_udt_catalog:t? type_udt_schema:t? type_udt_name:t?
          scope_catalog:t? scope_schema:t? scope_name:t? maximum_cardinality:i? dtd_identifier:t? routine_body:t? routine_definition:t?
          external_name:t? external_language:t? parameter_style:t? is_deterministic:t? sql_data_access:t? is_null_call:t? sql_path:t?
          schema_level_routine:t? max_dynamic_result_sets:i? is_user_defined_cast:t? is_implicitly_invocable:t? security_type:t?
          to_sql_specific_catalog:t? to_sql_specific_schema:t? to_sql_specific_name:t? as_locator:t? created:z? last_altered:z?
          new_savepoint_level:t? is_udt_dependent:t? result_cast_from_data_type:t? result_cast_as_locator:t? result_cast_char_max_length:i?
          result_cast_char_octet_length:i? result_cast_char_set_catalog:t? result_cast_char_set_schema:t? result_cast_char_set_name:t?
          result_cast_collation_catalog:t? result_cast_collation_schema:t? result_cast_collation_name:t? result_cast_numeric_precision:i?
          result_cast_numeric_precision_radix:i? result_cast_numeric_scale:i? result_cast_datetime_precision:i? result_cast_interval_type:t?
          result_cast_interval_precision:i? result_cast_type_udt_catalog:t? result_cast_type_udt_schema:t? result_cast_type_udt_name:t?
          result_cast_scope_catalog:t? result_cast_scope_schema:t? result_cast_scope_name:t? result_cast_maximum_cardinality:i?
          result_cast_dtd_identifier:t?
        parameters 13069: specific_catalog:t? specific_schema:t? specific_name:t? ordinal_position:i? parameter_mode:t? is_result:t?
          as_locator:t? parameter_name:t? data_type:t? character_maximum_length:i? character_octet_length:i? character_set_catalog:t?
          character_set_schema:t? character_set_name:t? collation_catalog:t? collation_schema:t? collation_name:t? numeric_precision:i?
          numeric_precision_radix:i? numeric_scale:i? datetime_precision:i? interval_type:t? interval_precision:i? udt_catalog:t?
          udt_schema:t? udt_name:t? scope_catalog:t? scope_schema:t? scope_name:t? maximum_cardinality:i? dtd_identifier:t?
          parameter_default:t?
        sequences 13070: sequence_catalog:t? sequence_schema:t? sequence_name:t? data_type:t? numeric_precision:i?
          numeric_precision_radix:i? numeric_scale:i? start_value:t? minimum_value:t? maximum_value:t? increment:t? cycle_option:t?
        triggers 13071: trigger_catalog:t? trigger_schema:t? trigger_name:t? event_manipulation:t? event_object_catalog:t?
          event_object_schema:t? event_object_table:t? action_order:i? action_condition:t? action_statement:t? action_orientation:t?
          action_timing:t? action_reference_old_table:t? action_reference_new_table:t? action_reference_old_row:t?
          action_reference_new_row:t? created:z?
        table_privileges 13072: grantor:t? grantee:t? table_catalog:t? table_schema:t? table_name:t? privilege_type:t? is_grantable:t?
          with_hierarchy:t?
        column_privileges 13073: grantor:t? grantee:t? table_catalog:t? table_schema:t? table_name:t? column_name:t? privilege_type:t?
          is_grantable:t?
        role_table_grants 13076: grantor:t? grantee:t? table_catalog:t? table_schema:t? table_name:t? privilege_type:t? is_grantable:t?
          with_hierarchy:t?
        role_column_grants 13077: grantor:t? grantee:t? table_catalog:t? table_schema:t? table_name:t? column_name:t? privilege_type:t?
          is_grantable:t?
        enabled_roles 13074: role_name:t?
        applicable_roles 13075: grantee:t? role_name:t? is_grantable:t?
        """;

    /// <summary>Relations of millrace: what PostgreSQL has no name for.</summary>
    public const string Millrace = """
        objects 12500: id:i schema_name:t name:t kind:t append_only:b rows_total:l? rows:l? bytes:l? changes_total:l? watermark:z? late_rows:l? error:t?
          definition:t state_bytes:l? paused:t?
        segments 12501: object_id:i object:t path:t rows:l first_offset:l last_offset:l min_time:z max_time:z bytes:l damage:t?
        operators 12503: object_id:i object:t operator:t name:t detail:t inputs:T rows_in:l rows_out:l ns_per_row:d state_rows:l state_bytes:l watermark:z? lag_ms:d?
        empty_views 12504: object_id:i object:t reason:t hint:t? watermark:z? late_rows:l
        missing_rows 12505: object_id:i object:t operator:t? rows:l of_rows:l? reason:t hint:t?
        backup 12510: folder:t epoch:l state:t bytes_done:l bytes_total:l error:t?
        subscriptions 12502: id:l query:t via:t client:t? started:z epoch:l behind:l lag_ms:d rows:l merged:l lost:l shared_with:i bytes:l
        endpoints 12520: id:i name:t parameters:T columns:T path:t definition:t
        users 12530: name:t superuser:b has_password:b grants:T
        tokens 12531: name:t user_name:t rate:i?
        generators 12550: object_id:i object:t generator:t rate:l rows:l skipped:l error:t?
        alerts 12540: name:t state:t firing:i outstanding:i delivered:l failed:l retries:l last_error:t? last_delivery:z? address:t definition:t
        """;

    /// <summary>rw_catalog: what tools and scripts ask of RisingWave. Its further columns are about its cluster.</summary>
    public const string RisingWave = """
        rw_databases 12600: id:i name:t owner:i
        rw_schemas 12601: id:i name:t owner:i
        rw_users 12602: id:i name:t is_super:b create_db:b create_user:b can_login:b
        rw_relations 12603: schema_id:i id:i name:t relation_type:t owner:i definition:t?
        rw_tables 12604: id:i name:t schema_id:i owner:i definition:t append_only:b
        rw_sources 12605: id:i name:t schema_id:i owner:i connector:t definition:t append_only:b
        rw_materialized_views 12606: id:i name:t schema_id:i owner:i definition:t background_ddl:b
        rw_views 12607: id:i name:t schema_id:i owner:i definition:t
        rw_indexes 12608: id:i name:t primary_table_id:i schema_id:i owner:i definition:t
        rw_sinks 12609: id:i name:t schema_id:i owner:i connector:t sink_type:t definition:t
        rw_subscriptions 12610: id:i name:t schema_id:i owner:i definition:t
        rw_functions 12611: id:i name:t schema_id:i owner:i type:t arg_type_ids:I return_type_id:i language:t
        rw_columns 12612: relation_id:i name:t position:i is_hidden:b is_primary_key:b is_distribution_key:b is_generated:b is_nullable:b data_type:t type_oid:i type_len:i udt_type:t
        rw_system_tables 12613: id:i name:t schema_id:i owner:i definition:t?
        rw_types 12614: id:i name:t
        rw_connections 12615: id:i name:t schema_id:i owner:i type:t
        rw_secrets 12616: id:i name:t schema_id:i owner:i
        rw_depend 12617: objid:i refobjid:i
        rw_ddl_progress 12618: ddl_id:l ddl_statement:t progress:t initialized_at:z?
        rw_relation_info 12619: schemaname:t relationname:t relationowner:i definition:t relationtype:t relationid:i
        """;
}
